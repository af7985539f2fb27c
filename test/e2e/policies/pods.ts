import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { parse } from 'yaml';
import { withRequiredFields } from '../../support/acceptable-pod.ts';
import type { KubeObject } from '../../support/client.ts';
import { pods } from '../../support/generated-pod.ts';
import type { Pod } from '../../support/pod.ts';
import { creatable } from './proof.ts';

const GOLDEN = fileURLToPath(new URL('../../golden', import.meta.url));
const RECORDED = fileURLToPath(new URL('../../../../shared/reviews', import.meta.url));

/** A pod that a test knows by a name. */
export interface NamedPod {
  readonly name: string;
  readonly pod: Pod;
}

/** A pod of test/golden, and the profile that its namespace names. */
export interface GoldenPod extends NamedPod {
  readonly profile: string;
}

/** The pods of test/golden. */
export function goldenPods(): readonly GoldenPod[] {
  const folders = readdirSync(GOLDEN, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => {
    const namespace = `${GOLDEN}/${name}/namespace.yaml`;
    const { metadata } = existsSync(namespace) ? (parse(readFileSync(namespace, 'utf8')) as KubeObject) : {};
    return {
      name: `golden ${name}`,
      pod: withoutLookUps(parse(readFileSync(`${GOLDEN}/${name}/pod.yaml`, 'utf8')) as Pod, name),
      profile: metadata?.annotations?.['agent-injector.io/profile'] ?? 'jennifer-dotnet',
    };
  });
}

/** The pods of the recorded reviews, where they lie beside the project. */
export function recordedPods(): readonly NamedPod[] {
  const files = existsSync(RECORDED) ? readdirSync(RECORDED).filter((file) => file.endsWith('.json')) : [];
  return files.map((file, index) => {
    const { request } = JSON.parse(readFileSync(`${RECORDED}/${file}`, 'utf8')) as { request: { object: Pod } };
    return { name: file, pod: withoutLookUps(creatable(request.object), `recorded-${index}`) };
  });
}

const SEED = 20_261_201;

/** Pods with the variables, volumes and paths of JENNIFER .NET. */
export function generatedPods(count: number): readonly NamedPod[] {
  return (fc.sample(pods, { numRuns: count, seed: SEED }) as unknown as readonly Pod[]).map((pod, index) => ({
    name: `generated ${index}`,
    pod: withRequiredFields(pod, index),
  }));
}

/** The API server would refuse the pod for want of these objects. */
function withoutLookUps({ spec, metadata, ...pod }: Pod, name: string): Pod {
  const { serviceAccount: _, serviceAccountName: __, priorityClassName: ___, priority: ____, ...rest } = spec;
  const { namespace: _____, ...named } = metadata ?? {};
  return {
    ...pod,
    metadata: { ...named, ...(named.generateName === undefined && { name }) },
    spec: rest,
  };
}
