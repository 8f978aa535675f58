import { render } from 'preact';
import { App } from './frame/app.js';
import { loadSession, watchSession } from './session/session.js';
import { startTheme } from './theme.js';

startTheme();
watchSession();
void loadSession();
render(<App />, document.getElementById('app')!);
