import type { ComponentChildren } from 'preact';

/** A table that may be wider than the screen: it scrolls by itself, with the keyboard too. */
export function ScrollTable(props: {
  readonly label: string;
  /** On a phone each row is a card; its cells say in `data-label` what they are. */
  readonly isStackable?: true;
  /** It is no higher than a part of the screen, however many rows it has. */
  readonly isCapped?: true;
  readonly head: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const classes = ['table-scroll'];
  if (props.isStackable) classes.push('stackable');
  if (props.isCapped) classes.push('capped');
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section of its own would need a heading
    <div
      class={classes.join(' ')}
      role="region"
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
    >
      <table>
        <thead>
          <tr>{props.head}</tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}
