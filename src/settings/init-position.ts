import type { Position } from '../api/profile/delivery.ts';
import { type SettingSources, resolveSetting } from './resolve.ts';

export function positionFor(sources: SettingSources, fallback: Position): Position {
  return readPosition(resolveSetting(sources, 'init-position')?.text ?? '') ?? fallback;
}

export function readPosition(text: string): Position | undefined {
  const trimmed = text.trim();
  if (trimmed === 'first' || trimmed === 'last') return trimmed;
  const before = /^before\s+([a-z0-9-]{1,63})$/.exec(trimmed)?.[1];
  return before === undefined ? undefined : { before };
}
