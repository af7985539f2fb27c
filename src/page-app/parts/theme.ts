import { effect, signal } from '@preact/signals';
import { readStored, store } from '../api/stored.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;

export type Theme = (typeof THEMES)[number];

const chosen = readStored('theme');

export const theme = signal<Theme>(THEMES.find((one) => one === chosen) ?? 'auto');

export function startTheme(): void {
  effect(() => {
    if (theme.value === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme.value;
  });
}

export function chooseTheme(to: string): void {
  theme.value = THEMES.find((one) => one === to) ?? 'auto';
  store('theme', theme.value);
}
