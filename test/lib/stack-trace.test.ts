import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonpatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { traceOf } from '../../src/lib/stack-trace.ts';

const SECRET = 'hunter2-top-secret';

/** What the function throws. */
function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('what the log has of an error', () => {
  it.each<[string, () => unknown]>([
    // Its message, and its fields, have the whole document.
    [
      'fast-json-patch',
      () =>
        jsonpatch.applyPatch(
          { spec: { value: SECRET } },
          [{ op: 'add', path: '/nowhere/at/all', value: SECRET }],
          true,
          false,
        ),
    ],
    ['JSON.parse', () => JSON.parse(SECRET)],
    ['a Map of texts', () => new Map([SECRET] as never)],
    ['`in` on a text', () => 'x' in (SECRET as never)],
    ['a URL', () => new URL(SECRET)],
    ['a regular expression', () => new RegExp(`[${SECRET}`)],
    [
      'a message with what looks like a frame',
      () => {
        throw new Error(`x\n    at ${SECRET} (file:1:1)`);
      },
    ],
    [
      'a name',
      () => {
        throw Object.assign(new Error(SECRET), { headers: { authorization: SECRET } });
      },
    ],
    [
      'no error',
      () => {
        throw SECRET;
      },
    ],
  ])('of %s has nothing of what was worked on', (_, act) => {
    const error = thrownBy(act);
    const trace = traceOf(error);
    expect(JSON.stringify(trace)).not.toContain('hunter2');
    if (error instanceof Error)
      expect(trace['at']).toEqual(expect.arrayContaining([expect.stringContaining('stack-trace.test.ts')]));
  });

  it('has the call and the code of a system call that failed, and is bounded', () => {
    const failed = Object.assign(new Error(`open ENOENT ${'x'.repeat(9999)}`), { code: 'ENOENT', syscall: 'open' });
    const trace = traceOf(failed);
    expect(trace).toMatchObject({ type: 'Error', code: 'ENOENT', said: expect.stringMatching(/^open ENOENT x+…$/) });
    failed.stack = `Error: ${failed.message}\n${`    at ${'y'.repeat(9999)} (file.ts:1:1)\n`.repeat(500)}`;
    expect(JSON.stringify(traceOf(failed)).length).toBeLessThan(2000);
  });
});

it('no line of the log is given an error as it was thrown: a logger would write its message and its fields', () => {
  const dir = join(import.meta.dirname, '../../src');
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const calls = files.flatMap((file) =>
    [
      ...readFileSync(join(dir, file), 'utf8').matchAll(
        /\.(?:debug|info|warn|error|fatal|report|resolve)\(\s*\{([^{}]*)\}/g,
      ),
    ].map(([, fields = '']) => ({ file, fields })),
  );
  expect(calls.length).toBeGreaterThan(25);
  expect(calls.filter(({ fields }) => fields.includes('traceOf('))).not.toEqual([]);
  const raw = calls.filter(({ fields }) =>
    /\b(?:err|error|cause)\b(?!\w|: traceOf\()/.test(fields.replaceAll(/traceOf\(\w+\)/g, 'traceOf()')),
  );
  // The audit gathers what `traceOf` made of each.
  expect(raw.filter(({ file }) => file !== 'server/audit-loop.ts')).toEqual([]);
});
