import { type ReadonlySignal, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { ChangeRequest } from '../../api/web-contract.js';

/** A change that the operator is about to make, for the dialog that shows its plan. */
export interface Change {
  readonly title: string;
  /** On the button that makes it. */
  readonly verb: string;
  /** What is asked for; as text: what has to be filled in before that can be said. */
  readonly request: ReadonlySignal<ChangeRequest | string>;
  /** What the operator chooses; the request follows from it. */
  readonly Fields?: ComponentType;
}

/** The change that the dialog is open for. */
export const openedChange = signal<Change | null>(null);
/** Counts the changes made from this page. */
export const changesMade = signal(0);

/** Shows the plan of a change; nothing is done before the operator says so. */
export function openChange(change: Change): void {
  openedChange.value = change;
}

/** As {@link openChange}, of a change without anything to be chosen. */
export function openFixedChange(title: string, verb: string, request: ChangeRequest): void {
  openChange({ title, verb, request: signal(request) });
}
