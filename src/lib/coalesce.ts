/**
 * Runs the task one at a time. A call during a run causes one more run after it, however many calls there are; the promise resolves when no run
 * is left.
 */
export function coalesce(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let isRequested = false;
  const run = async (): Promise<void> => {
    try {
      while (isRequested) {
        isRequested = false;
        // oxlint-disable-next-line no-await-in-loop -- one run at a time
        await task();
      }
    } finally {
      running = undefined;
    }
  };
  return () => {
    isRequested = true;
    running ??= run();
    return running;
  };
}
