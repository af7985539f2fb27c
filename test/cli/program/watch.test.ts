import { expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program/program.ts';
import { printChanges } from '../../../src/cli/program/watch.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { run } from '../../support/process.ts';

it('--watch shows a result when it has changed, and ends with an error', async () => {
  const clock = new ManualClock();
  const texts = ['a', 'a', 'b'];
  const shown: string[] = [];
  const watching = printChanges(
    async () => {
      const text = texts.shift();
      if (text === undefined) throw new Error('the cluster does not answer');
      return { output: { kind: 'document', text }, exitCode: 0 };
    },
    ({ output }) => shown.push('text' in output ? output.text : ''),
    clock,
  );
  const advance = async (): Promise<void> => {
    for (const left of [2, 1, 0]) {
      await clock.whenOpen();
      expect(texts).toHaveLength(left);
      clock.advanceToNext();
    }
  };
  await Promise.all([expect(watching).rejects.toThrow('does not answer'), advance()]);
  expect(shown).toEqual(['a', 'b']);
});

it('every command that shows how things are can watch them', () => {
  const rollout = createProgram().commands.find((one) => one.name() === 'rollout');
  const watching = [...createProgram().commands, ...(rollout?.commands ?? [])].filter(({ options }) =>
    options.some(({ long }) => long === '--watch'),
  );
  expect(watching.map((one) => one.name()).toSorted()).toEqual(['audit', 'breaker', 'explain', 'plan', 'status']);
});

it.each([
  ['explain', '-f', 'deploy.yaml', '-w'],
  ['breaker', '--all', '--reset', '-w'],
])('a usage error: %s %s %s %s', async (...args) => {
  expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('--watch') });
});
