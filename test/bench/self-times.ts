/** What Node writes with --cpu-prof (Chrome DevTools Protocol, Profiler.Profile). Times in microseconds of the monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
}

/** A function in what was run; line and column count from 0. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** A function, where it is written. */
export interface Place {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

export interface SelfTime {
  readonly place: Place;
  readonly micros: number;
}

export interface Cut {
  /** Only samples between these two moments count. */
  readonly from: number;
  readonly to: number;
  readonly locate: (frame: CallFrame) => Place;
}

/** How long each function was at work itself, without those that it called; time in which nothing was to do is left out. */
export function selfTimes(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  { from, to, locate }: Cut,
): readonly SelfTime[] {
  const micros = new Map<number, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    if (at >= from && at <= to) micros.set(id, (micros.get(id) ?? 0) + delta);
  }
  return nodes.flatMap(({ id, callFrame }) => {
    const time = micros.get(id);
    return time === undefined || callFrame.functionName === '(idle)'
      ? []
      : [{ place: locate(callFrame), micros: time }];
  });
}

/** The part of the program that a place belongs to. */
export function areaOf({ file, name }: Place): string {
  if (file === '(engine)') return name.startsWith('(') ? name : `(engine) ${name}`;
  const room = /^(src\/[^/]+|test\/bench|node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  if (room !== undefined) return room;
  const part = /^node:(?:internal\/)?([^/]+)/.exec(file)?.[1];
  return part === undefined ? file : `node:${part}`;
}
