import { expect, it } from 'vitest';
import { coalesce } from '../../src/lib/coalesce.ts';

it('runs the task once more after calls during a run, and never twice at a time', async () => {
  const finish: (() => void)[] = [];
  const run = coalesce(() => new Promise<void>((resolve) => finish.push(resolve)));
  const first = run();
  expect(finish).toHaveLength(1);
  const calls = Promise.all([first, run(), run()]);
  expect(finish).toHaveLength(1);
  finish[0]?.();
  await Promise.resolve();
  expect(finish).toHaveLength(2);
  finish[1]?.();
  await calls;
  expect(finish).toHaveLength(2);
  void run();
  expect(finish).toHaveLength(3);
});

it('rejects with the error of the task, and runs again when it is called again', async () => {
  let runs = 0;
  const run = coalesce(async () => {
    runs += 1;
    if (runs === 1) throw new Error('failed');
  });
  await expect(run()).rejects.toThrow('failed');
  await run();
  expect(runs).toBe(2);
});
