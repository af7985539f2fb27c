import { expect, it } from 'vitest';
import { podChanges } from '../../src/diagnostics/pod-diff.ts';
import type { EnvVar, Pod } from '../../src/kubernetes/pod.ts';

const podOf = (env: readonly EnvVar[], more: object = {}): Pod => ({
  spec: { containers: [{ name: 'web', env }], ...more },
});

it('lists new, extended and renamed variables in order, without unchanged ones', () => {
  const reference = { name: 'OPTS', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
  const before = podOf([{ name: 'A', value: 'a' }, { name: 'JAVA', value: '-Xmx1g' }, reference]);
  const after = podOf([
    { name: 'NEW', value: 'n' },
    { name: 'A', value: 'a' },
    { name: 'JAVA', value: '-Xmx1g -javaagent:/a.jar' },
    { ...reference, name: 'OPTS_ORIGINAL' },
    { name: 'OPTS', value: '$(OPTS_ORIGINAL) x' },
  ]);
  expect(podChanges(before, after).containers).toEqual([
    {
      container: 'web',
      mounts: [],
      environment: [
        { name: 'NEW', after: { name: 'NEW', value: 'n' } },
        {
          name: 'JAVA',
          before: { name: 'JAVA', value: '-Xmx1g' },
          after: { name: 'JAVA', value: '-Xmx1g -javaagent:/a.jar' },
        },
        { name: 'OPTS_ORIGINAL', after: { ...reference, name: 'OPTS_ORIGINAL' } },
        { name: 'OPTS', before: reference, after: { name: 'OPTS', value: '$(OPTS_ORIGINAL) x' } },
      ],
    },
  ]);
});

it('lists additions outside of the containers', () => {
  const before: Pod = { ...podOf([]), metadata: { annotations: { kept: '1', added: 'a' } } };
  const after: Pod = {
    metadata: { annotations: { kept: '1', added: 'a,b', fresh: 'f' }, labels: { new: 'l' } },
    spec: {
      containers: [{ name: 'web', env: [], volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      initContainers: [{ name: 'copy' }],
      volumes: [{ name: 'v', emptyDir: {} }],
      imagePullSecrets: [{ name: 's' }],
    },
  };
  expect(podChanges(before, after)).toEqual({
    containers: [{ container: 'web', environment: [], mounts: [{ name: 'v', mountPath: '/v' }] }],
    initContainers: [{ name: 'copy' }],
    volumes: [{ name: 'v', emptyDir: {} }],
    annotations: [
      { name: 'added', before: 'a', after: 'a,b' },
      { name: 'fresh', after: 'f' },
    ],
    labels: [{ name: 'new', after: 'l' }],
    imagePullSecrets: ['s'],
  });
  expect(podChanges(before, before).containers).toEqual([]);
});
