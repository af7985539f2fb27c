import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamReader } from '../../../src/page-app/api/event-stream.ts';
import { delayAfter } from '../../../src/page-app/api/backoff.ts';

const STREAM =
  ':\n\nevent: overview\ndata: {"etag": "a"}\n\nevent: ping\ndata: {}\n\ndata:1\ndata: 2\nid: 7\n\nevent: empty\n\ndata: cut';

describe('a stream of events', () => {
  it('is read alike in whatever pieces and with whatever line ends it arrives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(STREAM.length * 2), { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (cuts, lineEnd) => {
          const text = STREAM.replaceAll('\n', lineEnd);
          const reader = new EventStreamReader();
          const places = [
            0,
            ...cuts.filter((cut) => cut < text.length).toSorted((one, other) => one - other),
            text.length,
          ];
          const events = places.slice(1).flatMap((to, index) => reader.push(text.slice(places[index], to)));
          expect(events).toEqual([
            { event: 'overview', data: '{"etag": "a"}' },
            { event: 'ping', data: '{}' },
            { event: 'message', data: '1\n2' },
          ]);
        },
      ),
    );
  });
});

describe('the pause before another attempt', () => {
  it('grows to half a minute, and is spread', () => {
    expect(delayAfter(1, 0)).toBe(250);
    expect(delayAfter(1, 1)).toBe(500);
    expect(delayAfter(3, 1)).toBe(2000);
    expect(delayAfter(1000, 1)).toBe(30_000);
    expect(delayAfter(1000, 0)).toBe(15_000);
  });
});
