import { signal } from '@preact/signals';
import { addressOf, parseRoute, type Route } from './routing.ts';

/** The screen that the address names. */
export const route = signal<Route>(parseRoute(location.hash));

addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash);
});

export function goTo(to: Route): void {
  location.hash = addressOf(to);
}

/** Changes the address without a new entry in the history: a filter that is being typed. */
export function replaceRoute(to: Route): void {
  history.replaceState(undefined, '', addressOf(to));
  route.value = to;
}
