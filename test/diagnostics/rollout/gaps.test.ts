import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { readSwitch } from '../../../src/api/injection-switch.ts';
import { type WorkloadStatus, WorkloadStatuses } from '../../../src/diagnostics/workload-status.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../../src/kubernetes/namespace.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { type Catalogue, withSwitch } from '../../../src/profiles/catalogue.ts';
import { catalogue, catalogueOf, namespace, plainNamespace, pod, profileDocument } from '../../support/fixtures.ts';

// What becomes of the pods of a workload when they are created again.

const shop = namespace();
const off = { ...shop, labels: {} };

function status(one: Pod, within: Namespace, known: Catalogue = catalogue, isKnown = true): WorkloadStatus | undefined {
  const all = new WorkloadStatuses();
  all.add({ pod: one, namespace: within, catalogue: known, cluster: unknownCluster }, { isNamespaceKnown: isKnown });
  return all.list()[0];
}

const injected = (within: Namespace = shop, known: Catalogue = catalogue): Pod => admit(pod(), within, known).pod;
const switchedOff = withSwitch(catalogue, readSwitch({ injection: 'off' }, 'ConfigMap a/b'));
const dryRun = withSwitch(catalogue, readSwitch({ injection: 'dry-run' }, 'ConfigMap a/b'));

const none = { missing: 0, outdated: 0, leftover: 0, stopped: 0 };

it.each<[string, WorkloadStatus | undefined, Partial<typeof none>]>([
  ['an agent that is current', status(injected(), shop), {}],
  ['no agent, although one is wanted', status(pod(), shop), { missing: 1 }],
  ['an agent in a namespace that has opted out', status(injected(), off), { leftover: 1 }],
  ['an agent where pods no longer want one', status(injected(), namespace({ inject: 'false' })), { leftover: 1 }],
  [
    'an agent of a profile that is no longer chosen',
    status(injected(), namespace({ profile: 'datadog-java' })),
    { leftover: 1 },
  ],
  ['an agent outside the canary', status(injected(), namespace({ canary: '0' })), { leftover: 1 }],
  ['an agent while injection is stopped', status(injected(), shop, switchedOff), { stopped: 1 }],
  ['an agent while a namespace is stopped', status(injected(), namespace({ suspended: 'INC-1' })), { stopped: 1 }],
  ['an agent while everything is a dry run', status(injected(), shop, dryRun), { stopped: 1 }],
  ['no agent while injection is stopped', status(pod(), shop, switchedOff), {}],
  ['an agent of a namespace that could not be read', status(injected(), off, catalogue, false), {}],
  [
    'an agent of a profile that is not known here',
    status(
      injected(plainNamespace(), catalogueOf(profileDocument({ environment: [{ name: 'A', value: '1' }] }))),
      shop,
    ),
    {},
  ],
  ['an agent that could no longer be injected', status(injected(), namespace({ libc: 'neither' })), {}],
])('%s', (_, found, gaps) => {
  expect(found).toMatchObject({ ...none, ...gaps });
});

describe('a canary of the version', () => {
  const known = (percent: number): Catalogue =>
    catalogueOf(
      profileDocument({
        parameters: [{ name: 'agent-version', type: 'version', default: '1.0', description: 'The version.' }],
        environment: [{ name: 'AGENT', value: '${agent-version}' }],
        canary: { version: { percent, values: { 'agent-version': '2.0' } } },
      }),
    );
  const within = plainNamespace();

  it('makes workloads outdated when it is raised to them, and when it is taken back', () => {
    const [stable, next] = [injected(within, known(0)), injected(within, known(100))];
    expect(status(stable, within, known(0))).toMatchObject(none);
    expect(status(stable, within, known(100))).toMatchObject({ outdated: 1 });
    expect(status(next, within, known(100))).toMatchObject(none);
    expect(status(next, within, known(0))).toMatchObject({ outdated: 1 });
  });
});
