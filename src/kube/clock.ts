/** Time as an argument. `now` is monotonic, in ms, and means nothing but by difference: a wall clock may jump. */
export interface Clock {
  now(): number;
  /** Runs the action once, `ms` from now, unless the returned function is called before. */
  after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
