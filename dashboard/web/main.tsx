import { render } from 'preact';
import { App } from './frame/app.js';
import { watchForEnd } from './live/follow.js';
import { loadSession, watchSession } from './session/session.js';
import { startTheme } from './theme.js';

startTheme();
watchSession();
watchForEnd();
void loadSession();
render(<App />, document.getElementById('app')!);
