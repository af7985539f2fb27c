import { attributeKind, attributeKindOf, workloadNameOf } from '../kubernetes/owner.ts';
import { type Container, imageNameOf } from '../kubernetes/pod.ts';
import type { Profile } from '../profiles/profile.ts';
import type { builtinNames } from '../profiles/template.ts';
import { optionalFactsIn } from '../profiles/variables/facts.ts';
import type { OptionalFact } from '../profiles/variables/optional-facts.ts';
import type { SettingSources } from './resolve.ts';

/** The values of the facts that a profile can refer to. Those that a pod may not have are found out only for a profile that refers to them. */
export function builtinValues(
  sources: SettingSources,
  container: Container,
  profile: Profile,
): ReadonlyMap<string, string> {
  const { pod, namespace, cluster } = sources;
  const values: { readonly [name in (typeof builtinNames)[number]]: string } = {
    'pod.workload': cluster.workload?.name ?? workloadNameOf(pod) ?? container.name,
    'pod.namespace': namespace.name,
    'container.name': container.name,
  };
  const found = new Map<string, string>(Object.entries(values));
  for (const fact of optionalFactsIn(profile)) {
    const value = optionalValues[fact](sources, container);
    if (value !== undefined) found.set(fact, value);
  }
  return found;
}

const optionalValues: {
  readonly [fact in OptionalFact]: (sources: SettingSources, container: Container) => string | undefined;
} = {
  'pod.workload-kind': ({ pod, cluster: { workload } }) =>
    workload ? attributeKind(workload.kind) : attributeKindOf(pod),
  'container.image-tag': (_, container) => imageTag(imageNameOf(container)),
};

const TAG = /:(\w[\w.-]{0,127})$/;

/** The tag of an image as a version; undefined without one, and for one that says nothing. */
export function imageTag(name: string): string | undefined {
  const tag = TAG.exec(name)?.[1];
  return tag === 'latest' ? undefined : tag;
}
