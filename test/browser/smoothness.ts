/// <reference lib="dom" />
import type { Page } from 'playwright-core';

/** What people feel of a page that is busy: the longest time between two frames, and the longest task, in ms. */
export interface Smoothness {
  readonly frames: number;
  readonly longestGap: number;
  readonly longestTask: number;
}

/** Watches the frames and tasks of the page while something is done on it. */
export async function smoothnessOf(page: Page, act: () => Promise<void>): Promise<Smoothness> {
  await page.evaluate(() => {
    const seen = { frames: 0, longestGap: 0, longestTask: 0, isOver: false };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longestTask = Math.max(seen.longestTask, duration);
    }).observe({ type: 'longtask' });
    let last = performance.now();
    const frame = (now: number): void => {
      seen.frames++;
      seen.longestGap = Math.max(seen.longestGap, now - last);
      last = now;
      if (!seen.isOver) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await act();
  await nextFrame(page);
  return page.evaluate(() => {
    const { seen } = globalThis as unknown as { seen: Smoothness & { isOver: boolean } };
    seen.isOver = true;
    const { frames, longestGap, longestTask } = seen;
    return { frames, longestGap: Math.round(longestGap), longestTask: Math.round(longestTask) };
  });
}

/** Resolves when the page has shown what it has. */
export const nextFrame = (page: Page): Promise<void> =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));
