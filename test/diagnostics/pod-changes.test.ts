import { expect, it } from 'vitest';
import { changesBetween } from '../../src/diagnostics/pod-changes.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';

const STATUS = 'agent-injector.io/status';

it('shows what two decisions on a pod differ in, part by part', () => {
  const before: Pod = {
    metadata: { annotations: { [STATUS]: '{"hash":"1"}', file: 'a' }, labels: { injected: 'acme' } },
    spec: {
      initContainers: [{ name: 'copy', image: 'agent:1' }],
      containers: [
        {
          name: 'web',
          env: [
            { name: 'PORT', value: '5000' },
            { name: 'OLD', value: 'x' },
          ],
          volumeMounts: [{ name: 'files', mountPath: '/agent' }],
        },
      ],
      volumes: [{ name: 'files', emptyDir: {} }],
    },
  };
  const after: Pod = {
    metadata: { annotations: { [STATUS]: '{"hash":"2"}', file: 'b' }, labels: { injected: 'acme' } },
    spec: {
      initContainers: [{ name: 'copy', image: 'agent:2' }],
      containers: [
        {
          name: 'web',
          env: [
            { name: 'PORT', value: '5001' },
            { name: 'NEW', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          volumeMounts: [{ name: 'files', mountPath: '/agent', readOnly: true }],
        },
      ],
      volumes: [{ name: 'files', emptyDir: {} }],
    },
  };
  expect(changesBetween(before, after)).toEqual([
    { what: 'container web: variable PORT', before: '5000', after: '5001' },
    { what: 'container web: variable OLD', before: 'x' },
    { what: 'container web: mount /agent', before: '{"name":"files"}', after: '{"name":"files","readOnly":true}' },
    { what: 'init container copy: image', before: 'agent:1', after: 'agent:2' },
    { what: 'annotation file', before: 'a', after: 'b' },
    { what: 'container web: variable NEW', after: '{"valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}' },
  ]);
  expect(changesBetween(before, before)).toEqual([]);
});
