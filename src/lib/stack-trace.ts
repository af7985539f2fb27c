import type { JsonObject } from './json.ts';
import { oneLine } from './text.ts';

/** Enough to find the place; a log line is no dump. */
const MAX_FRAMES = 8;

const MAX_FRAME_LENGTH = 160;

/**
 * What the log may have of something thrown: its class, its code, and where it was thrown. Not its message, which can hold what was being
 * worked on (fast-json-patch puts the whole pod into it, JSON.parse and V8 parts of a text), and none of its own fields. Only the message of a
 * failed system call goes along: it is made of the call, the code, a path or an address.
 */
export function traceOf(error: unknown): JsonObject {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: oneLine(error.code, 60) } : {};
  const said = 'syscall' in error ? { said: oneLine(error.message, 200) } : {};
  return { type: oneLine(error.name, 60), ...code, ...said, at: framesOf(error) };
}

/** The frames of the stack. The message stands before them, and could have lines that look like frames. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const behind = stack.slice(Math.max(0, stack.indexOf(message)) + message.length);
  return [...behind.matchAll(/^\s+at (.+)$/gm)]
    .slice(0, MAX_FRAMES)
    .map(([, frame = '']) => oneLine(frame, MAX_FRAME_LENGTH));
}
