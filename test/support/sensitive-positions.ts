import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { isObject, type Json } from '../../src/lib/json.ts';

/** What of a pod decides which code runs, which directory of the node is mounted and which Secret is read. It knows nothing about profiles. */
export function sensitivePositions({ spec }: Pod): readonly string[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return [
    ...containers.flatMap(sensitiveIn),
    ...(spec.volumes ?? []).flatMap((volume) =>
      ['image', 'hostPath', 'csi', 'secret', 'configMap', 'projected', 'nfs'].flatMap((kind) => textsIn(volume[kind])),
    ),
    ...textsIn(spec['imagePullSecrets']),
  ];
}

const LOADS_CODE =
  /^(JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|NODE_OPTIONS|PYTHONPATH|LD_PRELOAD|DOTNET_STARTUP_HOOKS|CORECLR_PROFILER_PATH|PHP_INI_SCAN_DIR|RUBYOPT|PERL5OPT)$/;

function sensitiveIn(container: Container): readonly string[] {
  return [
    ...textsIn(container['image']),
    ...textsIn(container['command']),
    ...textsIn(container['args']),
    ...(container.env ?? []).flatMap(({ name, value, ...rest }) => [
      ...textsIn(rest['valueFrom']),
      // The value of a JVM's system property is data.
      ...(LOADS_CODE.test(name) ? (value ?? '').split(/\s+/).filter((word) => !/^-D[\w.-]+=/.test(word)) : []),
    ]),
  ];
}

function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap((one: Json) => textsIn(one));
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}
