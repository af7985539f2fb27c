/** A review of a pod creation, with its fields in the order of the API server. The default uid is a placeholder for callers that replace it. */
export function reviewText(namespace: string, object: unknown, uid = 'UID'): string {
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      name: 'web',
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'system:admin', groups: ['system:masters', 'system:authenticated'] },
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  });
}

/** A pod with these numbers of containers and of variables in each. Callers replace `NUMBER`, so that no two pods have the same template. */
export function podOf(containers: number, variables: number, labels: Readonly<Record<string, string>> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web', ...labels }, annotations: { number: 'NUMBER' } },
    spec: {
      containers: Array.from({ length: containers }, (_, at) => ({
        name: `c${at}`,
        image: 'registry.example.com/web:1',
        env: Array.from({ length: variables }, (_each, index) => ({
          name: `VARIABLE_${index}`,
          value: `value ${index} of ${at}`,
        })),
      })),
    },
  };
}
