import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import { builtInDocuments } from '../../src/profile-sources/builtin-documents.ts';
import { type Catalogue, problemText, withDefaults, withTenancy } from '../../src/profiles/catalogue.ts';
import { type CatalogueDocuments, readCatalogue } from '../../src/profile-sources/read-catalogue.ts';
import { OPEN } from '../../src/profiles/tenancy/policy.ts';
import type { Admission } from '../../src/admission/admit.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import type { Reason } from '../../src/reasons/reason.ts';

export const catalogue: Catalogue = builtInCatalogue();

/** Lets profiles decide alone who may set their parameters, for tests whose subject is something else. */
export function opened(known: Catalogue): Catalogue {
  return withTenancy(known, OPEN);
}

/** The built-in catalogue with these defaults. */
export function catalogueWith(defaults: Record<string, string>): Catalogue {
  return withDefaults(catalogue, Object.entries(defaults));
}

/** A namespace that is opted in by default, with a server address. Annotations without a prefix get ours. */
export function namespace(annotations: Record<string, string> = {}, label = 'enabled'): Namespace {
  const own = Object.entries({ 'server-address': 'jennifer.example.com', ...annotations });
  return {
    name: 'shop',
    labels: { 'agent-injector.io/injection': label },
    annotations: Object.fromEntries(
      own.map(([key, value]) => [key.includes('/') ? key : `agent-injector.io/${key}`, value]),
    ),
  };
}

export function container(name: string, rest: Record<string, unknown> = {}): Container {
  return { name, image: `registry.example.com/${name}:1`, ...rest };
}

/** A pod of these containers. Annotations without a prefix get ours. */
export function pod(
  containers: readonly Container[] = [container('web')],
  annotations: Record<string, string> = {},
  rest: object = {},
): Pod {
  const own = Object.entries(annotations).map(([key, value]) => [
    key.includes('/') ? key : `agent-injector.io/${key}`,
    value,
  ]);
  const metadata = {
    name: 'web',
    ...(own.length > 0 && { annotations: Object.fromEntries(own) as Record<string, string> }),
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, ...rest } };
}

/** The `env` of the article. */
export const articleEnvironment = [
  { name: 'CORECLR_ENABLE_PROFILING', value: '1' },
  { name: 'CORECLR_PROFILER', value: '{6C7CAF0F-D0E5-4274-A71B-6551761BBDC8}' },
  { name: 'CORECLR_PROFILER_PATH', value: '/netagent/bin/libAriesProfiler.so' },
  { name: 'ARIES_SERVER_ADDRESS', value: '10.1.2.3' },
  { name: 'ARIES_SERVER_PORT', value: '5000' },
  { name: 'ARIES_DOMAIN_ID', value: '1000' },
];

/** An AgentProfile document whose agent comes from a claim at /agent by default. */
export function profileDocument(spec: object = {}, name = 'agent'): object {
  return {
    apiVersion: 'agent-injector.io/v1alpha1',
    kind: 'AgentProfile',
    metadata: { name },
    spec: {
      vendor: 'Example',
      description: 'An agent for tests.',
      constraints: { os: ['linux'] },
      deliveries: [{ persistentVolumeClaim: { claimName: 'files' } }],
      mounts: [{ path: '/agent' }],
      ...spec,
    },
  };
}

/** A catalogue with one profile, `agent`, that has the required parameter `p`. */
export function catalogueWithParameter(parameter: object, spec: object): { catalogue: Catalogue; profile: Profile } {
  const known = catalogueOf(
    profileDocument({
      environment: [{ name: 'AGENT', value: '1' }],
      parameters: [{ name: 'p', description: 'd', required: true, ...parameter }],
      ...spec,
    }),
  );
  const profile = known.profiles.get('agent');
  if (!profile) throw new Error('no profile');
  return { catalogue: known, profile };
}

/** A catalogue of these profiles, all of them selected by default, with the built-in tables. */
export function catalogueOf(...profiles: readonly object[]): Catalogue {
  return catalogueFrom({ profiles });
}

/** As `catalogueOf`, with other tables, or other defaults. */
export function catalogueFrom(
  source: Partial<CatalogueDocuments> & { readonly profiles: readonly object[] },
): Catalogue {
  const names = source.profiles.map((profile) => (profile as { metadata: { name: string } }).metadata.name);
  const read = readCatalogue({
    ...builtInDocuments,
    foreignAgents: [],
    defaults: { profile: names.join() },
    ...source,
  });
  if (read.ok) return read.value;
  throw new Error(read.error.map(problemText).join('\n'));
}

/** Like `namespace`, without a server address. */
export function plainNamespace(annotations: Record<string, string> = {}): Namespace {
  const own = namespace(annotations);
  const { 'agent-injector.io/server-address': _, ...rest } = own.annotations;
  return { ...own, annotations: rest };
}

/** Undefined if the pod was injected. */
export function reasonOf({ decision }: Pick<Admission, 'decision'>): Reason | undefined {
  return decision.outcome === 'injected' ? undefined : decision.reason;
}
