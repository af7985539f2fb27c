import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { logDestination, type LogDestination } from '../../src/server/log-output.ts';

/** A reader that takes a text when it is told to. */
function slowReader() {
  const texts: string[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  const now: string[] = [];
  let at = 0;
  const destination: LogDestination = logDestination(
    {
      write: (text, done) => {
        texts.push(text);
        waiting.push(done);
      },
      writeNow: (text) => now.push(text),
    },
    () => at,
  );
  return {
    destination,
    texts,
    now,
    take: (error?: Error) => waiting.shift()?.(error),
    pass: (ms: number) => {
      at += ms;
    },
  };
}

const lineOf = (text = ''): unknown => JSON.parse(text.slice(0, text.indexOf('\n')));

it('writes the lines of one turn at once, and the next when these are taken', async () => {
  const { destination, texts, take } = slowReader();
  destination.write('a\n');
  destination.write('b\n');
  expect(texts).toEqual([]);
  await nextTurn();
  expect(texts).toEqual(['a\nb\n']);
  destination.write('c\n');
  destination.write('d\n');
  await nextTurn();
  expect(texts).toHaveLength(1);
  take();
  await nextTurn();
  expect(texts).toEqual(['a\nb\n', 'c\nd\n']);
  expect(destination.dropped()).toBe(0);
});

it('keeps a mebibyte for a slow reader, drops what comes beyond, and says so as soon as it is read again', async () => {
  const { destination, texts, take } = slowReader();
  const line = `${'x'.repeat(1023)}\n`;
  destination.write('first\n');
  await nextTurn();
  for (let written = 0; written < 1030; written += 1) destination.write(line);
  expect(destination.dropped()).toBe(6);
  take();
  await nextTurn();
  expect(lineOf(texts[1])).toMatchObject({ level: 'warn', lines: 6 });
  expect(texts[1]?.split('\n')).toHaveLength(1 + 1024 + 1);
  take();
  destination.write('last\n');
  await nextTurn();
  expect(texts[2]).toBe('last\n');
});

it('tries a reader that is gone once a second, and counts what was not read', async () => {
  const { destination, texts, take, pass } = slowReader();
  destination.write('a\n');
  destination.write('b\n');
  await nextTurn();
  take(new Error('EPIPE'));
  destination.write('c\n');
  await nextTurn();
  expect(texts).toHaveLength(1);
  expect(destination.dropped()).toBe(3);
  pass(1000);
  destination.write('d\n');
  await nextTurn();
  expect(lineOf(texts[1])).toMatchObject({ lines: 3 });
  take(new Error('EPIPE'));
  expect(destination.dropped()).toBe(4);
  pass(1000);
  destination.write('e\n');
  await nextTurn();
  expect(lineOf(texts[2])).toMatchObject({ lines: 4 });
  expect(texts[2]).toMatch(/\ne\n$/);
});

it('at the end writes what waits, unless a text is half out', async () => {
  const { destination, texts, now, take } = slowReader();
  destination.write('a\n');
  destination.flushSync();
  expect(now).toEqual(['a\n']);
  destination.write('b\n');
  await nextTurn();
  destination.write('c\n');
  destination.flushSync();
  expect(now).toHaveLength(1);
  take();
  await nextTurn();
  expect(texts.at(-1)).toBe('c\n');
});
