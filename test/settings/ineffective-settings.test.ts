import { describe, expect, it } from 'vitest';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { ineffectiveSettings } from '../../src/settings/ineffective-settings.ts';
import { catalogue, catalogueWith, container, namespace, pod } from '../support/fixtures.ts';

type Settings = Record<string, string>;

const required = (annotations: Settings = {}): Namespace => namespace(annotations, 'required');
const locked = (setting: string, known: Catalogue = catalogue): Catalogue => ({
  ...known,
  tenancy: { ...known.tenancy, settableBy: new Map([[setting, ['cluster']]]) },
});
const strict: Catalogue = { ...catalogue, strictRequired: true };
const twoContainers = (annotations: Settings): Pod => pod([container('web'), container('side')], annotations);

/** What is reported, as `setting at the key`. */
function reported(given: Pod, within: Namespace, known: Catalogue = catalogue): readonly string[] {
  const reasons = ineffectiveSettings({ pod: given, namespace: within, catalogue: known, cluster: unknownCluster });
  return reasons.map((reason) => {
    if (reason.code === 'unknown-label') return `${reason.label}=${reason.value}`;
    if (reason.code !== 'setting-locked') throw new Error(`unexpected reason ${reason.code}`);
    const { source, setting } = reason;
    return `${setting} of the ${source.from} at ${'key' in source ? source.key : ''}`;
  });
}

describe('a value at a level that does not count is reported', () => {
  it.each<[string, Pod, Namespace, Catalogue, string]>([
    [
      'on the pod, where the cluster locks the setting',
      pod(undefined, { delivery: 'preinstalled' }),
      namespace(),
      locked('delivery'),
      'delivery of the pod at agent-injector.io/delivery',
    ],
    [
      'on the namespace, where the cluster locks the setting',
      pod(),
      namespace({ delivery: 'preinstalled' }),
      locked('delivery'),
      'delivery of the namespace at agent-injector.io/delivery',
    ],
    [
      'for one container',
      twoContainers({ 'libc.agent-injector.io/side': 'musl' }),
      namespace(),
      locked('libc'),
      'libc of the container at libc.agent-injector.io/side',
    ],
    [
      'on the pod, where an agent is required and the namespace chooses it',
      pod(undefined, { profile: 'elastic-dotnet' }),
      required({ profile: 'jennifer-dotnet' }),
      catalogue,
      'profile of the pod at agent-injector.io/profile',
    ],
    [
      'on the pod, where an agent is required, the namespace chooses it and the cluster locks it',
      pod(undefined, { profile: 'elastic-dotnet' }),
      required({ profile: 'jennifer-dotnet' }),
      locked('profile', catalogueWith({ profile: 'jennifer-dotnet' })),
      'profile of the pod at agent-injector.io/profile',
    ],
    [
      'for one profile, where `containers` is fixed',
      pod(undefined, { 'containers.jennifer-dotnet': 'side' }),
      required({ containers: 'web' }),
      catalogue,
      'containers.jennifer-dotnet of the pod at agent-injector.io/containers.jennifer-dotnet',
    ],
    [
      'that excludes owners, on the pod',
      pod(undefined, { 'exclude-owners': 'Job' }),
      namespace(),
      catalogue,
      'exclude-owners of the pod at agent-injector.io/exclude-owners',
    ],
    [
      'that opts out where nothing may',
      pod(undefined, { inject: 'false' }),
      required(),
      strict,
      'inject of the pod at agent-injector.io/inject',
    ],
    [
      'of a namespace that opts out where nothing may',
      pod(),
      required({ inject: 'false' }),
      strict,
      'inject of the namespace at agent-injector.io/inject',
    ],
    [
      'of a label that opts out where nothing may',
      { ...pod(), metadata: { labels: { 'agent-injector.io/injection': 'disabled' } } },
      required(),
      strict,
      'agent-injector.io/injection=disabled',
    ],
  ])('%s', (_, given, within, known, expected) => {
    expect(reported(given, within, known)).toEqual([expected]);
  });
});

describe('a value is not reported', () => {
  it.each<[string, Pod, Namespace, Catalogue]>([
    ['if it counts', pod(undefined, { delivery: 'preinstalled', inject: 'false' }), namespace(), catalogue],
    [
      "if it equals the cluster's, which locks the setting",
      pod(undefined, { profile: 'jennifer-dotnet' }),
      namespace({ profile: 'jennifer-dotnet' }),
      locked('profile', catalogueWith({ profile: 'jennifer-dotnet' })),
    ],
    [
      'if it equals what counts, where an agent is required and the cluster locks the setting',
      pod(undefined, { profile: 'jennifer-dotnet' }),
      required({ profile: 'jennifer-dotnet' }),
      locked('profile', catalogueWith({ profile: 'jennifer-dotnet' })),
    ],
    [
      'if it equals the `containers` that are fixed',
      pod(undefined, { 'containers.jennifer-dotnet': 'web' }),
      required({ containers: 'web' }),
      catalogue,
    ],
    [
      'if it says what applies without it',
      pod(undefined, { delivery: 'auto', inject: 'true' }),
      namespace(),
      { ...locked('delivery'), tenancy: { ...locked('delivery').tenancy, settableBy: new Map([['inject', []]]) } },
    ],
    ['if it opts in where nothing opts out', pod(undefined, { inject: 'true' }), required(), strict],
    [
      'if its name is unknown for one container, which has a report of its own',
      pod(undefined, { 'delivery.agent-injector.io/web': 'preinstalled' }),
      namespace(),
      locked('delivery'),
    ],
  ])('%s', (_, given, within, known) => {
    expect(reported(given, within, known)).toEqual([]);
  });
});

it('the number of reports is bounded', () => {
  const names = Array.from({ length: 100 }, (_, index) => `c${index}`);
  const annotations = Object.fromEntries(names.map((name) => [`libc.agent-injector.io/${name}`, 'musl']));
  const given = pod(
    names.map((name) => container(name)),
    annotations,
  );
  expect(reported(given, namespace(), locked('libc'))).toHaveLength(10);
});
