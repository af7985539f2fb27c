/** The output of --cpu-prof (Chrome DevTools Protocol, Profiler.Profile). Times are in microseconds of the monotonic clock. */
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

/** A function in the executed code. Line and column start at 0. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** A function in its source. */
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
  /** Only samples in this interval count. */
  readonly from: number;
  readonly to: number;
  readonly locate: (frame: CallFrame) => Place;
}

/** The time of each function without its callees. Idle time is excluded. */
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

export function areaOf({ file, name }: Place): string {
  if (file === '(engine)') return name.startsWith('(') ? name : `(engine) ${name}`;
  const room = /^(src\/[^/]+|test\/bench|node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  if (room !== undefined) return room;
  const part = /^node:(?:internal\/)?([^/]+)/.exec(file)?.[1];
  return part === undefined ? file : `node:${part}`;
}
