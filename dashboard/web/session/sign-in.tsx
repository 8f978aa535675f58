import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { TextField } from '../parts/field.js';
import { ErrorMessage } from '../parts/message.js';
import { logIn, session } from './session.js';

/** The way in, where accounts are set. */
export function SignIn() {
  const name = useSignal('');
  const password = useSignal('');
  const failure = useSignal<unknown>(null);
  const isRunning = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const submit = async () => {
    isRunning.value = true;
    failure.value = null;
    try {
      await logIn(name.value.trim(), password.value);
    } catch (error) {
      failure.value = error;
      password.value = '';
    } finally {
      isRunning.value = false;
    }
  };
  return (
    <main class="sign-in">
      <form
        ref={form}
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="row">
          <img src="./icon.svg" alt="" width="32" height="32" />
          <div>
            <h1>Sign in</h1>
            <p class="faint small">Codis · {session.value?.product}</p>
          </div>
        </div>
        <TextField label="Name" value={name} autocomplete="username" />
        <TextField
          label="Password"
          value={password}
          type="password"
          autocomplete="current-password"
        />
        {failure.value !== null && <ErrorMessage error={failure.value} />}
        <button
          type="submit"
          class="button primary"
          disabled={isRunning.value || name.value.trim() === '' || password.value === ''}
        >
          {isRunning.value ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
