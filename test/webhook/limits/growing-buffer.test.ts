import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GrowingBuffer } from '../../../src/webhook/limits/growing-buffer.ts';

const MAX = 100_000;

it('has the bytes of all chunks, in at most twice their room', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 5 });
  fc.assert(
    fc.property(lengths, (sizes) => {
      const buffer = new GrowingBuffer(MAX);
      const chunks = sizes.map((size, index) => Buffer.alloc(size, index));
      for (const chunk of chunks) buffer.append(chunk);
      expect(buffer.content().equals(Buffer.concat(chunks))).toBe(true);
      expect(buffer.capacity).toBeLessThanOrEqual(Math.max(16 * 1024, 2 * buffer.length));
    }),
  );
});

it('takes over a single chunk that is complete, and copies every other', () => {
  const chunk = Buffer.alloc(10, 'x');
  const whole = new GrowingBuffer(10);
  whole.append(chunk);
  expect(whole.content().buffer).toBe(chunk.buffer);
  const part = new GrowingBuffer(11);
  part.append(chunk);
  expect(part.content().buffer).not.toBe(chunk.buffer);
});

it('refuses more than its maximum', () => {
  const buffer = new GrowingBuffer(10);
  buffer.append(Buffer.alloc(6));
  expect(() => buffer.append(Buffer.alloc(5))).toThrow(RangeError);
});
