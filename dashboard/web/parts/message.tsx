import type { ComponentChildren } from 'preact';
import { RequestError } from '../api/request.js';
import { Icon } from './icon.js';

const ICONS = { bad: 'critical', warn: 'warning', good: 'check', plain: 'info' } as const;

/** Something to be read, in a box. */
export function Message(props: {
  readonly tone: keyof typeof ICONS;
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`message ${props.tone}`} role={props.tone === 'bad' ? 'alert' : undefined}>
      <Icon name={ICONS[props.tone]} />
      <div>{props.children}</div>
    </div>
  );
}

/** Why something could not be done, with what to do about it, in the dashboard's own words. */
export function ErrorMessage({ error }: { readonly error: unknown }) {
  const hint = error instanceof RequestError ? error.hint : '';
  const words = error instanceof Error ? error.message : String(error);
  return (
    <Message tone="bad">
      <p>{words}</p>
      {hint !== '' && <p>{hint}</p>}
    </Message>
  );
}
