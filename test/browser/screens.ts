/** Each screen with data of `startTeams`, and a text that shows that the data is there. */
export interface ShownScreen {
  readonly name: string;
  readonly hash: string;
  readonly shows: string;
}

/** The pod is one of this Deployment. */
export const POD_OF = { namespace: 'shop', name: 'web' } as const;

export function screensWith(pod: string): readonly ShownScreen[] {
  return [
    { name: 'needs', hash: '#/needs', shows: 'payments' },
    { name: 'workloads', hash: '#/workloads', shows: 'charge' },
    { name: 'workload', hash: `#/workload/${POD_OF.namespace}/Deployment/${POD_OF.name}`, shows: pod },
    { name: 'pod', hash: `#/pod/${POD_OF.namespace}/${pod}`, shows: 'CORECLR_PROFILER' },
    { name: 'profiles', hash: '#/profiles', shows: 'jennifer-dotnet' },
    { name: 'profile', hash: '#/profiles/jennifer-dotnet', shows: 'server-address' },
    { name: 'try', hash: '#/try', shows: '' },
    { name: 'now', hash: '#/now', shows: '' },
  ];
}
