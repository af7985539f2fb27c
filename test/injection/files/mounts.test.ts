import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { catalogueOf, container, namespace, pod, profileDocument } from '../../support/fixtures.ts';

const known = catalogueOf(
  profileDocument({
    mounts: [{ path: '/opt/agent' }],
    writablePaths: [{ path: '/var/log/agent' }],
    files: [{ path: '/etc/agent/agent.conf', content: 'a' }],
  }),
);
const mounting = (volumes: readonly object[], volumeMounts: readonly object[]): Pod =>
  pod([container('web', { volumeMounts })], {}, { volumes });
const decisionOn = (given: Pod): readonly unknown[] => {
  const { decision } = admit(given, namespace(), known);
  return decision.outcome === 'injected' ? ['injected'] : [decision.reason];
};
const taken = (path: string): readonly unknown[] => [{ code: 'mount-path-taken', path, volume: 'v' }];
const claim = { name: 'v', persistentVolumeClaim: { claimName: 'c' } };
const readOnly = { name: 'v', readOnly: true };

// The runtime cannot make a mount point in a read-only file system: "mkdirat …: read-only file system".
describe('a mount of the author above the files of the agent', () => {
  it.each<[string, Pod, readonly unknown[]]>([
    ['read-only', mounting([claim], [{ ...readOnly, mountPath: '/opt' }]), taken('/opt')],
    [
      'read-only above a directory to write into',
      mounting([claim], [{ ...readOnly, mountPath: '/var/log' }]),
      taken('/var/log'),
    ],
    ['read-only above a configuration file', mounting([claim], [{ ...readOnly, mountPath: '/etc/' }]), taken('/etc')],
    [
      'of a read-only volume',
      mounting([{ name: 'v', nfs: { server: 's', path: '/', readOnly: true } }], [{ name: 'v', mountPath: '/opt' }]),
      taken('/opt'),
    ],
    [
      'of an image',
      mounting([{ name: 'v', image: { reference: 'r/a:1' } }], [{ name: 'v', mountPath: '/opt' }]),
      taken('/opt'),
    ],
    ['writable', mounting([claim], [{ name: 'v', mountPath: '/opt' }]), ['injected']],
    [
      'read-only, with a writable one in between',
      mounting(
        [claim, { name: 'w', emptyDir: {} }],
        [
          { ...readOnly, mountPath: '/var' },
          { name: 'w', mountPath: '/var/log' },
        ],
      ),
      ['injected'],
    ],
    ['with a similar name', mounting([claim], [{ ...readOnly, mountPath: '/op' }]), ['injected']],
    // The kubelet makes the directories itself.
    [
      'of a ConfigMap',
      mounting([{ name: 'v', configMap: { name: 'c' } }], [{ ...readOnly, mountPath: '/etc' }]),
      ['injected'],
    ],
    [
      'of a Secret',
      mounting([{ name: 'v', secret: { secretName: 's' } }], [{ ...readOnly, mountPath: '/opt' }]),
      ['injected'],
    ],
  ])('%s', (_, given, expected) => expect(decisionOn(given)).toEqual(expected));
});
