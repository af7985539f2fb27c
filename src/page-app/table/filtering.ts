import type { WorkloadRow } from '../../page/wire.ts';

const known = new WeakMap<WorkloadRow, string>();

/** All that a filter can find of a workload, in lower case. */
function searchable(row: WorkloadRow): string {
  const text =
    known.get(row) ??
    [
      `${row.namespace}/${row.workload}`,
      ...row.profiles,
      ...row.deliveries,
      ...Object.keys(row.states),
      ...row.whyNot.map(({ code }) => code),
      ...(row.breakers ?? []).map(({ phase }) => `breaker-${phase}`),
      ...(row.missing > 0 ? ['missing'] : []),
      ...(row.outdated > 0 ? ['outdated'] : []),
      ...(row.leftover > 0 ? ['leftover'] : []),
      ...(row.stopped > 0 ? ['stopped'] : []),
    ]
      .join('\n')
      .toLowerCase();
  known.set(row, text);
  return text;
}

/** The workloads that have every word of the filter somewhere. A word after `-` must not be there. */
export function filterWorkloads(rows: readonly WorkloadRow[], filter: string): readonly WorkloadRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = searchable(row);
    return words.every((word) => (/^-./.test(word) ? !text.includes(word.slice(1)) : text.includes(word)));
  });
}
