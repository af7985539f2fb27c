import { Counter, type Registry } from 'prom-client';
import { type metricRows, optionsOf } from './definitions.ts';

/** A counter of something that is counted elsewhere: it is read whenever Prometheus asks. */
export function readCounter(name: keyof typeof metricRows, registry: Registry, read: () => number): void {
  const made: Counter = new Counter({
    ...optionsOf(name, registry),
    collect() {
      made.reset();
      made.inc(read());
    },
  });
}
