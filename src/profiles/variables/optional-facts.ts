/** Facts of a pod or a container that it may not have: what is made of one is left out then. */
export const optionalFacts = ['pod.workload-kind', 'container.image-tag'] as const;

export type OptionalFact = (typeof optionalFacts)[number];

export function isOptionalFact(name: string): name is OptionalFact {
  return optionalFacts.some((fact) => fact === name);
}
