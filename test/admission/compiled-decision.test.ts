import { expect, it } from 'vitest';
import { compile } from '../../src/admission/compiled-decision.ts';
import { shapeOf } from '../../src/injection/shape/pod-shape.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { catalogueOf, container, namespace, pod, profileDocument } from '../support/fixtures.ts';

it('a compiled decision keeps nothing of the containers of its shape', () => {
  const catalogue = catalogueOf(profileDocument({ environment: [{ name: 'A', value: 'a' }] }));
  const given = pod([container('web', { volumeDevices: Array.from({ length: 1000 }, () => ({})) })]);
  const context = { pod: given, namespace: namespace(), catalogue, cluster: unknownCluster };
  const shape = shapeOf(context);
  const compiled = shape && compile(context, shape);
  expect(compiled?.decision.outcome).toBe('injected');
  expect(compiled?.plan.containers.map(({ target }) => target.container)).toEqual([{ name: 'web' }]);
});
