import { Counter, Gauge, type Registry } from 'prom-client';
import { type MetricName, metricRows, optionsOf } from './definitions.ts';

/** A metric without labels, read at each scrape and left out of it while undefined. */
export function collectValue(registry: Registry, name: MetricName, read: () => number | undefined): void {
  collect(registry, name, (record) => record({}, read()));
}

/** A metric with one label, read at each scrape: from the label's values to the numbers. */
export function collectByLabel(
  registry: Registry,
  name: MetricName,
  read: () => Readonly<Record<string, number | undefined>>,
): void {
  const [label = ''] = metricRows[name].labels;
  collect(registry, name, (record) => {
    for (const [key, value] of Object.entries(read())) record({ [label]: key }, value);
  });
}

/** A metric with several labels, read at each scrape. */
export function collectSeries(
  registry: Registry,
  name: MetricName,
  read: () => readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
): void {
  collect(registry, name, (record) => {
    for (const { labels, value } of read()) record(labels, value);
  });
}

type Recorder = (labels: Readonly<Record<string, string>>, value: number | undefined) => void;

function collect(registry: Registry, name: MetricName, read: (record: Recorder) => void): Counter | Gauge {
  const { type, labels } = metricRows[name];
  const options = {
    ...optionsOf(name, registry),
    collect(this: Counter | Gauge) {
      this.reset();
      // reset() leaves a metric without labels at 0.
      if (labels.length === 0) this.remove();
      read((series, value) => {
        if (value !== undefined) this.inc(series, value);
      });
    },
  };
  return type === 'counter' ? new Counter(options) : new Gauge(options);
}
