import { setImmediate as nextTurn } from 'node:timers/promises';
import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Bodies, isTooDense } from '../../src/webhook/body.ts';

interface Sending {
  readonly stream: PassThrough;
  readonly told: Promise<string>;
}

function sending(bodies: Bodies, headers: Record<string, string> = {}): Sending {
  const stream = new PassThrough();
  const request = Object.assign(stream, { headers }) as unknown as IncomingMessage;
  const told = new Promise<string>((resolve) => {
    bodies.receive(request, (error, body) =>
      resolve(error ? `${error.statusCode} ${error.message}` : `${body?.length}`),
    );
  });
  return { stream, told };
}

const MIB = 1024 * 1024;

describe('bodies', () => {
  it('are received whole, chunk by chunk', async () => {
    const { stream, told } = sending(new Bodies());
    stream.write('{"a"');
    await nextTurn();
    stream.end(':1}');
    expect(await told).toBe('7');
  });

  it.each([
    ['announced', { 'content-length': String(4 * MIB + 1) }, 0],
    ['not announced', {}, 4 * MIB + 1],
  ])('of more than 4 MiB are turned away when %s', async (_, headers, size) => {
    const { stream, told } = sending(new Bodies(), headers);
    stream.end(Buffer.alloc(size));
    expect(await told).toBe('413 the body is larger than 4194304 bytes');
  });

  it('are turned away when all together are too many, unless they are small; and taken again once there is room', async () => {
    const bodies = new Bodies();
    const large = Array.from({ length: 5 }, () => sending(bodies));
    for (const { stream } of large.slice(0, 4)) stream.write(Buffer.alloc(4 * MIB));
    await nextTurn();
    large[4]?.stream.write(Buffer.alloc(MIB));
    expect(await large[4]?.told).toBe('413 too many large bodies at a time');
    const small = sending(bodies);
    small.stream.end('x');
    expect(await small.told).toBe('1');
    large[0]?.stream.end();
    large[1]?.stream.destroy(new Error('gone'));
    expect(await large[0]?.told).toBe(`${4 * MIB}`);
    expect(await large[1]?.told).toBe('400 the request cannot be read: gone');
    const next = sending(bodies);
    next.stream.end(Buffer.alloc(4 * MIB));
    expect(await next.told).toBe(`${4 * MIB}`);
  });
});

describe('too dense is', () => {
  const values = (count: number, one: string): string => `[${Array.from({ length: count }, () => one).join(',')}]`;
  it.each([
    ['nothing small, whatever it is', '['.repeat(100_000), false],
    ['no pod of 40,000 variables', values(40_000, '{"name":"VARIABLE","value":"a value"}'), false],
    ['no pod of a few large texts', values(100, JSON.stringify('[{,:'.repeat(10_000))), false],
    ['no text of escapes', values(10, JSON.stringify('\\",[{'.repeat(50_000))), false],
    ['what is nothing but brackets', values(200_000, '[]'), true],
    ['what is nothing but keys', values(100_000, '{"a":1}'), true],
    ['what is nothing but numbers', values(500_000, '1'), true],
    ['no text without an end', `"${'{'.repeat(1_000_000)}`, false],
  ])('%s', (_, text, expected) => {
    expect(isTooDense(Buffer.from(text))).toBe(expected);
  });
});
