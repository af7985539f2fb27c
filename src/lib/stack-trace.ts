import type { JsonObject } from './json.ts';
import { oneLine } from './text.ts';

const MAX_FRAMES = 8;

const MAX_FRAME_LENGTH = 160;

/**
 * Describes a thrown value for the log: class, code and stack frames. The message is left out, since it can contain the data being processed
 * (fast-json-patch includes the whole pod, JSON.parse and V8 parts of a text), and so are the error's own fields. Only a failed system call
 * keeps its message: it consists of the call, the code and a path or an address.
 */
export function traceOf(error: unknown): JsonObject {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: oneLine(error.code, 60) } : {};
  const said = 'syscall' in error ? { said: oneLine(error.message, 200) } : {};
  return { type: oneLine(error.name, 60), ...code, ...said, at: framesOf(error) };
}

// The message precedes the frames in the stack and could contain lines that look like frames.
function framesOf({ stack = '', message }: Error): readonly string[] {
  const frames = stack.slice(Math.max(0, stack.indexOf(message)) + message.length);
  return [...frames.matchAll(/^\s+at (.+)$/gm)]
    .slice(0, MAX_FRAMES)
    .map(([, frame = '']) => oneLine(frame, MAX_FRAME_LENGTH));
}
