import { render } from 'preact';
import { start } from './api/store.ts';
import { App } from './app.tsx';
import { startShortcuts } from './parts/shortcuts.ts';
import { startTheme } from './parts/theme.ts';

startTheme();
startShortcuts();
const root = document.getElementById('app');
if (root) render(<App />, root);
void start();
