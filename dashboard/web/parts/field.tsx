import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A line of text to be typed. */
export function TextField(props: {
  readonly label: string;
  readonly value: Signal<string>;
  readonly hint?: string;
  readonly placeholder?: string;
  readonly mode?: 'numeric' | 'text';
  readonly type?: 'text' | 'password';
  readonly autocomplete?: string;
}) {
  const id = useId();
  const { label, value, hint, placeholder, mode = 'text', type = 'text' } = props;
  const input = {
    id,
    class: 'input',
    inputMode: mode,
    value: value.value,
    placeholder,
    autocomplete: props.autocomplete ?? 'off',
    spellcheck: false,
    'aria-describedby': hint ? `${id}-hint` : undefined,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => {
      value.value = event.currentTarget.value;
    },
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'password' ? <input type="password" {...input} /> : <input {...input} />}
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

/** One of several, in a list that opens. */
export function SelectField(props: {
  readonly label: string;
  readonly value: Signal<string>;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly hint?: string;
}) {
  const id = useId();
  const { label, value, options, hint } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        value={value.value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => {
          value.value = event.currentTarget.value;
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

/** One of several, each with what it means. */
export function ChoiceField<T extends string>(props: {
  readonly label: string;
  readonly value: Signal<T>;
  readonly options: readonly {
    readonly value: T;
    readonly label: string;
    readonly means: string;
  }[];
}) {
  const id = useId();
  return (
    <fieldset class="field">
      <legend>{props.label}</legend>
      {props.options.map(({ value, label, means }) => (
        <label class="choice" key={value}>
          <input
            type="radio"
            name={id}
            checked={props.value.value === value}
            onChange={() => {
              props.value.value = value;
            }}
          />
          <span>
            <strong>{label}</strong>
            <br />
            <span class="small soft">{means}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Yes or no, with what yes means. */
export function CheckField(props: {
  readonly value: Signal<boolean>;
  readonly children: ComponentChildren;
}) {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={props.value.value}
        onChange={(event) => {
          props.value.value = event.currentTarget.checked;
        }}
      />
      <span>{props.children}</span>
    </label>
  );
}
