import type { Latency, Now } from './wire.ts';

const LATENCY = 'agent_injector_review_duration_seconds';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a text in the format of Prometheus; lines of any other form are left out. */
function samplesIn(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line): readonly Sample[] => {
    const [, name, labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
    const number = value === '+Inf' ? Infinity : Number(value);
    if (Number.isNaN(number)) return [];
    return [
      {
        name,
        labels: Object.fromEntries(pairs.map(([, key = '', text_ = '']) => [key, unescaped(text_)])),
        value: number,
      },
    ];
  });
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** What the metrics of all replicas of a server say together. `at`: when they were read, in ISO 8601. */
export function nowOf(texts: readonly string[], at: string, isoOf: (seconds: number) => string): Now {
  const samples = texts.flatMap(samplesIn);
  return {
    at,
    decisions: decisionsIn(samples),
    latency: latencyIn(samples),
    certificates: certificatesIn(samples, isoOf),
    caches: cachesIn(samples),
    replicas: texts.length,
  };
}

function decisionsIn(samples: readonly Sample[]): Now['decisions'] {
  const all = new Map<string, Now['decisions'][number]>();
  for (const { name, labels, value } of samples) {
    if (name !== 'agent_injector_decisions_total') continue;
    const { outcome = '', reason = '' } = labels;
    const key = `${outcome} ${reason}`;
    all.set(key, { outcome, reason, count: (all.get(key)?.count ?? 0) + value });
  }
  return [...all.values()];
}

function latencyIn(samples: readonly Sample[]): Latency | undefined {
  const sumOf = (name: string): number =>
    samples.filter((one) => one.name === name).reduce((sum, { value }) => sum + value, 0);
  const buckets = new Map<number, number>();
  for (const { name, labels, value } of samples) {
    if (name !== `${LATENCY}_bucket`) continue;
    const le = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
    buckets.set(le, (buckets.get(le) ?? 0) + value);
  }
  if (buckets.size === 0) return undefined;
  const finite = [...buckets].filter(([le]) => Number.isFinite(le)).toSorted(([one], [other]) => one - other);
  return { count: sumOf(`${LATENCY}_count`), sum: sumOf(`${LATENCY}_sum`), buckets: finite };
}

/** Each certificate by the replica that would serve it for the shortest time. */
function certificatesIn(samples: readonly Sample[], isoOf: (seconds: number) => string): Now['certificates'] {
  const all = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    if (name !== 'agent_injector_certificate_expiry_seconds' || value <= 0) continue;
    const certificate = labels['kind'] ?? '';
    all.set(certificate, Math.min(all.get(certificate) ?? Infinity, value));
  }
  return [...all].map(([name, seconds]) => ({ name, expires: isoOf(seconds) }));
}

/** The state of a cache is the worst of the replicas. */
function cachesIn(samples: readonly Sample[]): Now['caches'] {
  const all = new Map<string, { readonly entries: number; readonly isSynced: boolean }>();
  for (const { name, labels, value } of samples) {
    const [, own, what] = /^agent_injector_(namespaces|cache)_?(objects|synced|)$/.exec(name) ?? [];
    if (own === undefined) continue;
    const cache = own === 'cache' ? (labels['resource'] ?? '') : own;
    const { entries, isSynced } = all.get(cache) ?? { entries: 0, isSynced: true };
    if (what === 'synced') all.set(cache, { entries, isSynced: isSynced && value !== 0 });
    else all.set(cache, { entries: Math.max(entries, value), isSynced });
  }
  return [...all].map(([name, { entries, isSynced }]) => ({ name, entries, state: isSynced ? 'synced' : 'loading' }));
}
