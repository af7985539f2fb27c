import { ARCH_LABEL } from '../kubernetes/labels.ts';
import { type Container, imageOf } from '../kubernetes/pod.ts';
import { mayRunOn } from '../kubernetes/scheduling.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Parameters } from '../settings/parameters.ts';
import { type SettingSources, resolveSetting } from '../settings/resolve.ts';

/** The libc that the name of the image hints at: Alpine images have musl. */
export function hintedLibc(container: Container): 'musl' | undefined {
  return /alpine|musl/i.test(imageOf(container)) ? 'musl' : undefined;
}

/** The libc of a container: what its author says, else what the image's name hints at; undefined where nothing tells. */
export function libcOf(context: SettingSources, container: Container): string | undefined {
  const said = resolveSetting(context, 'libc', container.name)?.text;
  return said !== undefined && isLibc(said) ? said : hintedLibc(container);
}

export function isLibc(text: string): boolean {
  return text === 'glibc' || text === 'musl';
}

/** The values that follow from others, for one container. */
export function variantsFor(
  context: SettingSources,
  { variants, constraints }: Profile,
  container: Container,
  parameters: Parameters,
): ReadonlyMap<string, string> {
  const decide = (by: string): string | undefined => {
    if (by === 'libc') return libcOf(context, container) ?? constraints.libc?.[0] ?? 'glibc';
    if (by === 'arch') {
      const known = constraints.arch ?? ['amd64', 'arm64'];
      return known.find((arch) => mayRunOn(context.pod, ARCH_LABEL, arch)) ?? known[0];
    }
    return parameters.get(by)?.text;
  };
  return new Map(variants.map(({ name, by, values }) => [name, values.get(decide(by) ?? '') ?? ''] as const));
}
