interface Sample {
  readonly owner: (workload: string | undefined) => string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What owners have of a hash or a time, by the kind of the workload that makes them: any other one is like it. */
export function sampleOf(kind: string | undefined): Sample {
  if (kind === 'deployment') return { owner: (name = '') => `${name}-x`, labels: { 'pod-template-hash': 'x' } };
  return { owner: (name = '') => (kind === 'cronjob' ? `${name}-99999999` : name), labels: {} };
}
