/** What of a long list is in view. */
export interface Viewport {
  readonly count: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly height: number;
}

/** The rows to render, `end` excluded, and the heights of what stands for the others. */
export interface RowWindow {
  readonly start: number;
  readonly end: number;
  readonly above: number;
  readonly below: number;
}

/** Rows that are rendered beyond each edge, so that scrolling finds them there. */
const OVERSCAN = 12;

export function windowOf({ count, rowHeight, scrollTop, height }: Viewport): RowWindow {
  const first = Math.floor(Math.max(scrollTop, 0) / rowHeight) - OVERSCAN;
  const visible = Math.ceil(Math.max(height, 0) / rowHeight) + 2 * OVERSCAN;
  const start = Math.max(0, Math.min(first, count - visible));
  const end = Math.min(count, start + visible);
  return { start, end, above: start * rowHeight, below: (count - end) * rowHeight };
}

/** Where to scroll so that a row is whole in view under a header of the given height; the same position if it is. */
export function scrollTopFor(row: number, { rowHeight, scrollTop, height }: Viewport, header: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight + header;
  return bottom > scrollTop + height ? bottom - height : scrollTop;
}

/** The row that a key leads to; undefined if the key leads to none. */
export function rowAfterKey(key: string, row: number, count: number, page: number): number | undefined {
  const to = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, to));
}
