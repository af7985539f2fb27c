import type { Attempt } from './attempt.ts';

/** What RBAC forbids to a user with the rights of test/e2e/tenants.ts. `own` is a namespace of the user, `other` is none, `pod` is in `own`. */
export interface ForbiddenRow {
  readonly who: readonly Attempt['who'][];
  /** Completes "may not". */
  readonly what: string;
  readonly method: string;
  readonly path: (names: { readonly own: string; readonly other: string; readonly pod: string }) => string;
}

const both = ['pods', 'namespace'] as const;

export const forbidden: readonly ForbiddenRow[] = [
  {
    who: ['pods'],
    what: 'annotate or label its own Namespace',
    method: 'PATCH',
    path: ({ own }) => `/api/v1/namespaces/${own}`,
  },
  {
    who: both,
    what: 'annotate or label the Namespace of others',
    method: 'PATCH',
    path: ({ other }) => `/api/v1/namespaces/${other}`,
  },
  {
    who: both,
    what: 'create pods in the namespace of others',
    method: 'POST',
    path: ({ other }) => `/api/v1/namespaces/${other}/pods`,
  },
  {
    who: both,
    what: 'change the record on a pod that exists',
    method: 'PATCH',
    path: ({ own, pod }) => `/api/v1/namespaces/${own}/pods/${pod}`,
  },
  { who: both, what: 'write Events', method: 'POST', path: ({ own }) => `/api/v1/namespaces/${own}/events` },
  {
    who: both,
    what: "read the server's key",
    method: 'GET',
    path: () => '/api/v1/namespaces/agent-injector/secrets/agent-injector-tls',
  },
  {
    who: both,
    what: 'change the settings of the cluster',
    method: 'PATCH',
    path: () => '/api/v1/namespaces/agent-injector/configmaps/agent-injector',
  },
  {
    who: both,
    what: 'change the webhook configuration',
    method: 'PATCH',
    path: () => '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/agent-injector-installed',
  },
];
