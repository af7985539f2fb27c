import type { Position } from '../api/profile/delivery.ts';
import { type SettingSources, resolveSetting } from './resolve.ts';
import { readPosition } from './setting-values.ts';

export function positionFor(sources: SettingSources, fallback: Position): Position {
  return readPosition(resolveSetting(sources, 'init-position')?.text ?? '') ?? fallback;
}
