import type { ComponentChildren } from 'preact';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain';

/** A state in a word. The colour says it again; it never says it alone. */
export function Badge(props: {
  readonly tone: Tone;
  readonly dot?: 'still' | 'pulse';
  readonly title?: string;
  readonly children: ComponentChildren;
}) {
  const { tone, dot, title, children } = props;
  return (
    <span class={`badge ${tone}`} title={title}>
      {dot && <span class={`dot ${dot}`} />}
      {children}
    </span>
  );
}
