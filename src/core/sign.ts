import { z } from 'zod';
import { LONGEST_IMAGE, matchesGlob } from './glob.ts';
import type { Json } from './json.ts';
import { isWithin, normalPath } from './mount-path.ts';
import type { Container, EnvVar } from './pod.ts';

const glob = z.string().min(1).describe('With * and ?.');
const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** Something that can be seen of a container: how selectors, conflicts and advisories say what they look for. */
export const signSchema = z.discriminatedUnion('in', [
  z.strictObject({
    in: z.literal('environment').describe('A variable of one of these names is there, with that value.'),
    name: names.describe('What is looked for: a name or several, any of which will do.'),
    equals: z.string().optional().describe('The whole value.'),
    contains: z.string().optional().describe('A part of it.'),
  }),
  z.strictObject({
    in: z.literal('command').describe('Command and args, joined by blanks, contain this.'),
    contains: z.string().min(1).describe('A part of it.'),
  }),
  z.strictObject({ in: z.literal('image').describe('A glob over the image reference.'), matches: glob }),
  z.strictObject({ in: z.literal('name').describe("A glob over the container's name."), matches: glob }),
  z.strictObject({
    in: z.literal('volume').describe('The pod has a volume of this name.'),
    name: z.string().min(1).describe('What is looked for.'),
  }),
  z.strictObject({
    in: z.literal('mount').describe('Something is mounted at this path or below it.'),
    path: z.string().regex(/^\//, 'must be an absolute path').describe('An absolute path.'),
  }),
]);

export type Sign = z.infer<typeof signSchema>;

/** Where a sign is looked for. `environment` may be what has been planned so far; whoever changes it looks with a new sight. */
export interface Sight {
  /** The names of the pod's volumes: gathered once, since a pod can have thousands. */
  readonly volumes: ReadonlySet<string>;
  readonly container: Container;
  readonly environment: readonly EnvVar[];
}

type Look<In extends Sign['in']> = (sign: Extract<Sign, { in: In }>, sight: Sight) => string | undefined;

const looks: { readonly [where in Sign['in']]: Look<where> } = {
  environment: (sign, sight) => {
    const entries = variablesOf(sight);
    const wanted = typeof sign.name === 'string' ? [sign.name] : sign.name;
    return wanted.find((name) => {
      const entry = entries.get(name);
      return entry !== undefined && holds(entry, sign);
    });
  },
  command: ({ contains }, { container }) => (commandOf(container).includes(contains) ? 'its command' : undefined),
  image: ({ matches }, { container }) =>
    matchesGlob(matches, imageOf(container), LONGEST_IMAGE) ? 'its image' : undefined,
  name: ({ matches }, { container }) => (matchesGlob(matches, container.name) ? 'its name' : undefined),
  volume: ({ name }, { volumes }) => (volumes.has(name) ? `volume ${name}` : undefined),
  mount: ({ path }, { container }) =>
    container.volumeMounts?.some(({ mountPath }) => isWithin(normalPath(mountPath), normalPath(path)))
      ? `mount ${path}`
      : undefined,
};

/** Where the sign was seen, in words for a person (`JAVA_TOOL_OPTIONS`, `its command`), or undefined. */
export function seen(sign: Sign, sight: Sight): string | undefined {
  // The table's type pairs every place with its signs; TypeScript cannot follow the pairing through an index.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (looks[sign.in] as Look<Sign['in']>)(sign, sight);
}

// A pod can have thousands of variables, and there are a hundred signs: they are indexed once. Of one name the last counts, as in the kubelet.
const variables = new WeakMap<Sight, ReadonlyMap<string, EnvVar>>();

function variablesOf(sight: Sight): ReadonlyMap<string, EnvVar> {
  const known = variables.get(sight);
  if (known) return known;
  const byName = new Map(sight.environment.map((entry) => [entry.name, entry]));
  variables.set(sight, byName);
  return byName;
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

/** Command and arguments as one line, so that `-r some-agent` is seen whether it is one word or two. */
function commandOf(container: Container): string {
  return [container['command'], container['args']]
    .flatMap((list: Json | undefined) =>
      Array.isArray(list) ? list.filter((word): word is string => typeof word === 'string') : [],
    )
    .join(' ');
}
