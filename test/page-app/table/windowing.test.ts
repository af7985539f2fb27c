import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowAfterKey, scrollTopFor, windowOf } from '../../../src/page-app/table/windowing.ts';

const viewports = fc.record({
  count: fc.nat(20_000),
  rowHeight: fc.integer({ min: 10, max: 60 }),
  scrollTop: fc.nat(800_000),
  height: fc.nat(2000),
});

describe('windowOf', () => {
  it('keeps the whole height, whatever is rendered', () => {
    fc.assert(
      fc.property(viewports, (view) => {
        const { start, end, above, below } = windowOf(view);
        expect(above + (end - start) * view.rowHeight + below).toBe(view.count * view.rowHeight);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(view.count);
      }),
    );
  });

  it('has every row that is in view', () => {
    fc.assert(
      fc.property(viewports, (view) => {
        const last = Math.max(0, view.count * view.rowHeight - view.height);
        const scrollTop = Math.min(view.scrollTop, last);
        const { start, end } = windowOf({ ...view, scrollTop });
        expect(start * view.rowHeight).toBeLessThanOrEqual(scrollTop);
        expect(end * view.rowHeight).toBeGreaterThanOrEqual(
          Math.min(view.count * view.rowHeight, scrollTop + view.height),
        );
      }),
    );
  });

  it('is small, however long the list is', () => {
    const { start, end } = windowOf({ count: 10_000, rowHeight: 34, scrollTop: 170_000, height: 700 });
    expect(end - start).toBeLessThan(60);
  });
});

describe('the keyboard', () => {
  it.each([
    ['ArrowDown', 4, 5],
    ['ArrowUp', 0, 0],
    ['PageDown', 4, 14],
    ['PageDown', 95, 99],
    ['PageUp', 4, 0],
    ['Home', 50, 0],
    ['End', 50, 99],
  ])('%s leads from row %i to row %i', (key, row, to) => {
    expect(rowAfterKey(key, row, 100, 10)).toBe(to);
  });

  it('leads nowhere with other keys, and in an empty list', () => {
    expect(rowAfterKey('a', 4, 100, 10)).toBeUndefined();
    expect(rowAfterKey('End', 0, 0, 10)).toBeUndefined();
  });

  it('scrolls as little as brings the row whole into view, below the header', () => {
    const view = { count: 100, rowHeight: 30, scrollTop: 300, height: 330 };
    expect(scrollTopFor(10, view, 30)).toBe(300);
    expect(scrollTopFor(19, view, 30)).toBe(300);
    expect(scrollTopFor(20, view, 30)).toBe(330);
    expect(scrollTopFor(5, view, 30)).toBe(150);
  });
});
