import { z } from 'zod';
import { LONGEST_IMAGE, matchesGlob } from './glob.ts';
import type { Json } from './json.ts';
import type { Container, EnvVar, Pod } from './pod.ts';

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** Something that can be seen of a container: how selectors, conflicts and advisories say what they look for. */
export const signSchema = z.discriminatedUnion('in', [
  z.strictObject({
    in: z.literal('environment').describe('A variable of one of these names is there, with that value.'),
    name: names,
    equals: z.string().optional(),
    contains: z.string().optional(),
  }),
  z.strictObject({
    in: z.literal('command').describe('A word of command or args contains this.'),
    contains: z.string().min(1),
  }),
  z.strictObject({ in: z.literal('image').describe('A glob over the image reference.'), matches: z.string().min(1) }),
  z.strictObject({ in: z.literal('name').describe("A glob over the container's name."), matches: z.string().min(1) }),
  z.strictObject({ in: z.literal('volume').describe('The pod has a volume of this name.'), name: z.string().min(1) }),
  z.strictObject({
    in: z.literal('mount').describe('Something is mounted at this path or below it.'),
    path: z.string().startsWith('/'),
  }),
]);

export type Sign = z.infer<typeof signSchema>;

/** Where a sign is looked for. `environment` may be what has been planned so far. */
export interface Sight {
  readonly pod: Pod;
  readonly container: Container;
  readonly environment: readonly EnvVar[];
}

/** Where the sign was seen, in words for a person (`JAVA_TOOL_OPTIONS`, `its command`), or undefined. */
export function seen(sign: Sign, { pod, container, environment }: Sight): string | undefined {
  switch (sign.in) {
    case 'environment': {
      const wanted = typeof sign.name === 'string' ? [sign.name] : sign.name;
      return environment.findLast((entry) => wanted.includes(entry.name) && holds(entry, sign))?.name;
    }
    case 'command':
      return words(container).some((word) => word.includes(sign.contains)) ? 'its command' : undefined;
    case 'image':
      return matchesGlob(sign.matches, imageOf(container), LONGEST_IMAGE) ? 'its image' : undefined;
    case 'name':
      return matchesGlob(sign.matches, container.name) ? 'its name' : undefined;
    case 'volume':
      return pod.spec.volumes?.some(({ name }) => name === sign.name) ? `volume ${sign.name}` : undefined;
    case 'mount': {
      const below = `${sign.path}/`;
      const found = container.volumeMounts?.find(({ mountPath }) => `${mountPath}/`.startsWith(below));
      return found && `mount ${sign.path}`;
    }
  }
}

export function imageOf(container: Container): string {
  const { image } = container;
  return typeof image === 'string' ? image : '';
}

function holds(
  entry: EnvVar,
  { equals, contains }: { equals?: string | undefined; contains?: string | undefined },
): boolean {
  if (equals === undefined && contains === undefined) return true;
  if (entry['valueFrom'] !== undefined && entry['valueFrom'] !== null) return false;
  const value = entry.value ?? '';
  return (equals === undefined || value === equals) && (contains === undefined || value.includes(contains));
}

function words(container: Container): readonly string[] {
  const list = (value: Json | undefined): readonly string[] =>
    Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string') : [];
  return [...list(container['command']), ...list(container['args'])];
}
