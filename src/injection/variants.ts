import type { Container } from '../kubernetes/pod.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Parameters } from '../settings/parameters.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { runsOn } from './image/arch.ts';
import { libcOf } from './libc.ts';

export function variantsFor(
  sources: SettingSources,
  { variants, constraints }: Profile,
  container: Container,
  parameters: Parameters,
): ReadonlyMap<string, string> {
  const inputOf = (from: string): string | undefined => {
    if (from === 'libc') return libcOf(sources, container) ?? constraints.libc?.[0] ?? 'glibc';
    if (from === 'arch') {
      const supported = constraints.arch ?? ['amd64', 'arm64'];
      return supported.find((arch) => runsOn(sources, container, arch)) ?? supported[0];
    }
    return parameters.get(from)?.text;
  };
  return new Map(variants.map(({ name, from, values }) => [name, values.get(inputOf(from) ?? '') ?? ''] as const));
}
