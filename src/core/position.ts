import type { Position } from './delivery.ts';
import { lookUp, type Layers } from './settings.ts';

/** The place of an init container: what the `init-position` setting says (`first`, `last`, `before NAME`), else what its profile says. */
export function positionFor(layers: Layers, fallback: Position): Position {
  const text = lookUp(layers, 'init-position')?.text.trim();
  if (text === 'first' || text === 'last') return text;
  const named = text === undefined ? null : /^before\s+([a-z0-9-]{1,63})$/.exec(text);
  return named?.[1] === undefined ? fallback : { before: named[1] };
}
