import type { ComponentChildren } from 'preact';

/** A choice of a few, all of them seen. */
export function Segments<T extends string>(props: {
  readonly label: string;
  readonly options: readonly {
    readonly value: T;
    readonly label: ComponentChildren;
    readonly name?: string;
  }[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields of a form
    <div class="segments" role="group" aria-label={props.label}>
      {props.options.map(({ value, label, name }) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          aria-label={name}
          title={name}
          onClick={() => props.onChoose(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
