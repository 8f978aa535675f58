import { useSignal } from '@preact/signals';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { ChangePlan, ChangeRequest } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';
import { Icon } from '../parts/icon.js';
import { ErrorMessage, Message } from '../parts/message.js';
import { tell } from '../parts/toasts.js';
import { linkTo } from '../router.js';
import { mayAct } from '../session/session.js';
import { type Change, changesMade, openedChange, openFixedChange } from './open-change.js';
import { PlanView } from './plan-view.js';
import { usePlan } from './planning.js';

/** The dialog of the change that is being thought about, if there is one. */
export function ChangeDialogs() {
  const change = openedChange.value;
  return change && <ChangeDialog key={change.title} change={change} />;
}

function ChangeDialog({ change }: { readonly change: Change }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const planned = usePlan(change.request);
  const typed = useSignal('');
  const isRunning = useSignal(false);
  const failure = useSignal<unknown>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const { Fields } = change;
  const state = planned.value;
  const plan = state.name === 'ready' ? state.plan : null;
  const isConfirmed =
    plan !== null && (plan.confirm_name === null || typed.value === plan.confirm_name);
  const isAllowed = plan === null || mayAct(plan.role);
  const canRun = isConfirmed && isAllowed && !plan.is_nothing && !isRunning.value;

  const carryOut = async () => {
    if (!canRun || plan === null) return;
    isRunning.value = true;
    failure.value = null;
    try {
      await calls.carryOut(plan);
      changesMade.value++;
      tellDone(plan);
      dialog.current?.close();
    } catch (error) {
      failure.value = error;
    } finally {
      isRunning.value = false;
    }
  };

  return (
    <dialog
      ref={dialog}
      aria-labelledby={title}
      onClose={() => {
        if (openedChange.peek() === change) openedChange.value = null;
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void carryOut();
        }}
      >
        <div class="dialog-head">
          <h2 id={title}>{change.title}</h2>
          <button
            type="button"
            class="button quiet square"
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <Icon name="close" />
          </button>
        </div>
        <div class="dialog-body">
          {Fields && <Fields />}
          {state.name === 'incomplete' && <p class="faint">{state.words}</p>}
          {state.name === 'failed' && <ErrorMessage error={state.error} />}
          {state.plan && (
            <div class={state.name === 'working' ? 'stack stale' : 'stack'}>
              <PlanView plan={state.plan} />
            </div>
          )}
          {state.name === 'working' && (
            <p class="faint" role="status">
              Working out what will happen…
            </p>
          )}
          {plan?.is_nothing && <Message tone="plain">There is nothing to be done.</Message>}
          {plan?.confirm_name && isAllowed && <NameField name={plan.confirm_name} typed={typed} />}
        </div>
        <div class="dialog-foot">
          {plan && !isAllowed && <NotAllowed plan={plan} />}
          {failure.value !== null && <ErrorMessage error={failure.value} />}
          <div class="row">
            <button type="button" class="button" onClick={() => dialog.current?.close()}>
              {failure.value === null ? 'Cancel' : 'Close'}
            </button>
            <button
              type="submit"
              class={`button ${plan?.confirm_name ? 'danger' : 'primary'}`}
              disabled={!canRun}
            >
              {isRunning.value ? 'Working…' : change.verb}
            </button>
          </div>
        </div>
      </form>
    </dialog>
  );
}

function NameField(props: { readonly name: string; readonly typed: { value: string } }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        Type <code>{props.name}</code> to confirm
      </label>
      <input
        id={id}
        class="input mono"
        autocomplete="off"
        spellcheck={false}
        value={props.typed.value}
        onInput={(event) => {
          props.typed.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}

function NotAllowed({ plan }: { readonly plan: ChangePlan }) {
  return (
    <Message tone="bad">
      <p>Your role does not allow this.</p>
      <p>It takes the role {plan.role}: sign in with such an account.</p>
    </Message>
  );
}

function tellDone(plan: ChangePlan): void {
  if (plan.moves !== null) {
    const show = () => location.assign(linkTo('moves'));
    tell(`Started: ${plan.summary}`, { label: 'Show', run: show });
    return;
  }
  const words = `Done: ${plan.summary}`;
  if (plan.undo_change === null) {
    tell(words);
    return;
  }
  // It plans the opposite, nothing more.
  const undo = plan.undo_change as ChangeRequest;
  const run = () => openFixedChange('Take it back', 'Take it back', undo);
  tell(words, { label: 'Undo…', run });
}
