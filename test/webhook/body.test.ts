import { setImmediate as nextIteration } from 'node:timers/promises';
import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { BodyReceiver, isTooDense } from '../../src/webhook/body.ts';

interface Upload {
  readonly stream: PassThrough;
  /** Length of the received body, or status of the error. */
  readonly result: Promise<{ length: number | undefined } | { status: number }>;
}

function upload(receiver: BodyReceiver, headers: Record<string, string> = {}): Upload {
  const stream = new PassThrough();
  const request = Object.assign(stream, { headers }) as unknown as IncomingMessage;
  const result: Upload['result'] = new Promise((resolve) => {
    receiver.receive(request, (error, body) =>
      resolve(error ? { status: error.statusCode } : { length: body?.length }),
    );
  });
  return { stream, result };
}

const MIB = 1024 * 1024;

describe('a body', () => {
  it('is received completely, chunk by chunk', async () => {
    const { stream, result } = upload(new BodyReceiver());
    stream.write('{"a"');
    await nextIteration();
    stream.end(':1}');
    expect(await result).toEqual({ length: 7 });
  });

  it.each([
    ['announced', { 'content-length': String(4 * MIB + 1) }, 0],
    ['not announced', {}, 4 * MIB + 1],
  ])('of more than 4 MiB is rejected when its length is %s', async (_, headers, size) => {
    const { stream, result } = upload(new BodyReceiver(), headers);
    stream.end(Buffer.alloc(size));
    expect(await result).toEqual({ status: 413 });
  });

  it('is rejected when all together are too large, unless it is small, until there is room again', async () => {
    const receiver = new BodyReceiver();
    const large = Array.from({ length: 5 }, () => upload(receiver));
    for (const { stream } of large.slice(0, 4)) stream.write(Buffer.alloc(4 * MIB));
    await nextIteration();
    large[4]?.stream.write(Buffer.alloc(MIB));
    expect(await large[4]?.result).toEqual({ status: 413 });
    const small = upload(receiver);
    small.stream.end('x');
    expect(await small.result).toEqual({ length: 1 });
    large[0]?.stream.end();
    large[1]?.stream.destroy(new Error('connection lost'));
    expect(await large[0]?.result).toEqual({ length: 4 * MIB });
    expect(await large[1]?.result).toEqual({ status: 400 });
    const next = upload(receiver);
    next.stream.end(Buffer.alloc(4 * MIB));
    expect(await next.result).toEqual({ length: 4 * MIB });
  });
});

describe('the limit on the density of JSON', () => {
  const values = (count: number, value: string): string => `[${Array.from({ length: count }, () => value).join(',')}]`;
  it.each([
    ['accepts any small body', '['.repeat(100_000), false],
    ['accepts a pod of 40,000 variables', values(40_000, '{"name":"VARIABLE","value":"a value"}'), false],
    ['accepts a pod of a few long strings', values(100, JSON.stringify('[{,:'.repeat(10_000))), false],
    ['accepts a string of escapes', values(10, JSON.stringify('\\",[{'.repeat(50_000))), false],
    ['accepts a string without an end', `"${'{'.repeat(1_000_000)}`, false],
    ['rejects a body of brackets', values(200_000, '[]'), true],
    ['rejects a body of keys', values(100_000, '{"a":1}'), true],
    ['rejects a body of numbers', values(500_000, '1'), true],
  ])('%s', (_, text, expected) => {
    expect(isTooDense(Buffer.from(text))).toBe(expected);
  });
});
