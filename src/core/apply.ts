import jsonpatch from 'fast-json-patch';
import type { Operation } from './operation.ts';
import type { Container, Pod } from './pod.ts';

/**
 * The pod that the operations make of it, by fast-json-patch. The given pod stays as it is: what operations may touch is copied one level
 * deep first, the rest is shared between both, which is far cheaper than a clone. Throws when an operation does not apply.
 */
export function applyOperations(pod: Pod, operations: readonly Operation[]): Pod {
  return jsonpatch.applyPatch(withOwnSpine(pod), operations, false, true).newDocument;
}

function withOwnSpine(pod: Pod): Pod {
  const { metadata, spec } = pod;
  return {
    ...pod,
    ...(metadata && {
      metadata: { ...metadata, ...(metadata.annotations && { annotations: { ...metadata.annotations } }) },
    }),
    spec: {
      ...spec,
      containers: spec.containers.map(ownLists),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(ownLists) }),
      ...(spec.volumes && { volumes: [...spec.volumes] }),
      ...(Array.isArray(spec['imagePullSecrets']) && { imagePullSecrets: [...spec['imagePullSecrets']] }),
    },
  };
}

function ownLists(container: Container): Container {
  return {
    ...container,
    ...(container.env && { env: [...container.env] }),
    ...(container.volumeMounts && { volumeMounts: [...container.volumeMounts] }),
  };
}
