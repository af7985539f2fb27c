import { hintedLibc, mayRunOn } from './facts.ts';
import type { Container } from './pod.ts';
import type { Profile } from './profile.ts';
import type { Parameters } from './parameter-values.ts';
import { lookUp, type Layers } from './settings.ts';

/** The libc of a container: what its author says, else what the image's name hints at; undefined where nothing tells. */
export function libcOf(layers: Layers, container: Container): string | undefined {
  const said = lookUp(layers, 'libc', container.name)?.text;
  return said !== undefined && isLibc(said) ? said : hintedLibc(container);
}

export function isLibc(text: string): boolean {
  return text === 'glibc' || text === 'musl';
}

/** The values that follow from others, for one container. */
export function variantsFor(
  layers: Layers,
  { variants, constraints }: Profile,
  container: Container,
  parameters: Parameters,
): ReadonlyMap<string, string> {
  const decide = (by: string): string | undefined => {
    if (by === 'libc') return libcOf(layers, container) ?? constraints.libc?.[0] ?? 'glibc';
    if (by === 'arch') {
      const known = constraints.arch ?? ['amd64', 'arm64'];
      return known.find((arch) => mayRunOn(layers.pod, 'kubernetes.io/arch', arch)) ?? known[0];
    }
    return parameters.get(by)?.text;
  };
  return new Map(variants.map(({ name, by, values }) => [name, values.get(decide(by) ?? '') ?? ''] as const));
}
