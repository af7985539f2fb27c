import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LogOutput } from '../../src/server/log-output.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A sink whose writes finish when the test says so. */
function slowSink() {
  const texts: string[] = [];
  const pending: ((error?: Error) => void)[] = [];
  const written: string[] = [];
  const clock = new ManualClock();
  const output = new LogOutput(
    {
      write: (text, done) => {
        texts.push(text);
        pending.push(done);
      },
      writeSync: (text) => written.push(text),
    },
    clock,
  );
  return { output, texts, written, finish: (error?: Error) => pending.shift()?.(error), clock };
}

const lineOf = (text = ''): unknown => JSON.parse(text.slice(0, text.indexOf('\n')));

it('writes the lines of one turn in one call, and the next lines once that has finished', async () => {
  const { output, texts, finish } = slowSink();
  output.write('a\n');
  output.write('b\n');
  expect(texts).toEqual([]);
  await nextTurn();
  expect(texts).toEqual(['a\nb\n']);
  output.write('c\n');
  output.write('d\n');
  await nextTurn();
  expect(texts).toHaveLength(1);
  finish();
  await nextTurn();
  expect(texts).toEqual(['a\nb\n', 'c\nd\n']);
  expect(output.dropped).toBe(0);
});

it('queues a mebibyte for a slow reader, drops further lines, and reports how many', async () => {
  const { output, texts, finish } = slowSink();
  const line = `${'x'.repeat(1023)}\n`;
  output.write('first\n');
  await nextTurn();
  for (let written = 0; written < 1030; written += 1) output.write(line);
  expect(output.dropped).toBe(6);
  finish();
  await nextTurn();
  expect(lineOf(texts[1])).toMatchObject({ level: 'warn', lines: 6 });
  expect(texts[1]?.split('\n')).toHaveLength(1 + 1024 + 1);
  finish();
  output.write('last\n');
  await nextTurn();
  expect(texts[2]).toBe('last\n');
});

it('tries again once a second after an error, and counts the lines that were not written', async () => {
  const { output, texts, finish, clock } = slowSink();
  output.write('a\n');
  output.write('b\n');
  await nextTurn();
  finish(new Error('EPIPE'));
  output.write('c\n');
  await nextTurn();
  expect(texts).toHaveLength(1);
  expect(output.dropped).toBe(3);
  clock.advance(1000);
  output.write('d\n');
  await nextTurn();
  expect(lineOf(texts[1])).toMatchObject({ lines: 3 });
  finish(new Error('EPIPE'));
  expect(output.dropped).toBe(4);
  clock.advance(1000);
  output.write('e\n');
  await nextTurn();
  expect(lineOf(texts[2])).toMatchObject({ lines: 4 });
  expect(texts[2]).toMatch(/\ne\n$/);
});

it('writes the queue at the end, unless a write is in progress', async () => {
  const { output, texts, written, finish } = slowSink();
  output.write('a\n');
  output.flushSync();
  expect(written).toEqual(['a\n']);
  output.write('b\n');
  await nextTurn();
  output.write('c\n');
  output.flushSync();
  expect(written).toHaveLength(1);
  finish();
  await nextTurn();
  expect(texts.at(-1)).toBe('c\n');
});
