import { PROFILE_API_VERSION, PROFILE_KIND, parseKey } from '../../api/keys.ts';
import { BAKED, deliveryKinds, PREINSTALLED } from '../../api/delivery-kinds.ts';
import { isObject, type Json, type JsonObject, objectIn } from '../../lib/json.ts';
import type { Problem } from '../problem.ts';
import { changeText, type MemberContent, type WordChange, wordOf } from './change.ts';

type Path = readonly PropertyKey[];

interface Place {
  readonly path: Path;
  readonly object: JsonObject;
}

/** The kinds that a tag had: their members and what is in them. */
type Kinds = Readonly<Record<string, { readonly member?: string; readonly content: MemberContent }>>;

const WHOLE: MemberContent = { beside: [], names: {} };

const matcherKinds: Kinds = {
  environment: { member: 'env', content: WHOLE },
  result: { member: 'resultingEnv', content: WHOLE },
  command: { content: WHOLE },
  image: { content: { field: 'matches' } },
  name: { member: 'containerName', content: { field: 'matches' } },
  volume: { content: { field: 'name' } },
  mount: { content: { field: 'path' } },
};

const lifeSignKinds: Kinds = {
  log: { content: WHOLE },
  file: { content: { field: 'path' } },
  port: { content: { field: 'port' } },
  library: { content: WHOLE },
};

const conditionKinds: Kinds = {
  parameter: { content: { beside: [], names: { is: 'equals' } } },
  readOnlyRootFilesystem: { content: { constant: true } },
  readOnlyFiles: { content: { constant: true } },
};

const namesInDelivery: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  image: { image: 'reference' },
  hostPath: { hostPathType: 'type' },
  csi: { attributes: 'volumeAttributes' },
};

const deliveryTags: Kinds = Object.fromEntries(
  [...deliveryKinds, BAKED].map((kind) => [
    kind,
    {
      ...(kind === BAKED && { member: PREINSTALLED }),
      content: { beside: ['name', 'os', 'remove'], names: namesInDelivery[kind] ?? {} },
    },
  ]),
);

/** The earlier words in a profile as it is written, in its order. Empty for a document in the words of now, and for one of another kind. */
export function earlierWords(document: unknown): readonly WordChange[] {
  if (!isObject(document) || document['apiVersion'] !== PROFILE_API_VERSION || document['kind'] !== PROFILE_KIND)
    return [];
  const { spec } = document;
  return isObject(spec) ? inSpec({ path: ['spec'], object: spec }) : [];
}

/** The earlier words of a profile, as errors: what else is wrong shows once they are changed. */
export function problemsOfWords(document: unknown): readonly Problem[] {
  return earlierWords(document).map((change) => ({
    ...(change.kind === 'value' ? { path: change.path } : { path: [...change.path, wordOf(change)], at: 'key' }),
    message: `${changeText(change)}: ${change.kind === 'unplaced' ? 'write it there' : 'agent-injector convert rewrites it'}`,
  }));
}

function inSpec(spec: Place): readonly WordChange[] {
  const advice = [...itemsIn(spec, 'conflicts'), ...itemsIn(spec, 'advisories')];
  const containers = inside(spec, 'containers');
  const writable = [...itemsIn(spec, 'writable'), ...itemsIn(spec, 'writablePaths')];
  const conditional = [...writable, ...['files', 'objects', 'environment'].flatMap((list) => itemsIn(spec, list))];
  const signsOfLife = inside(spec, 'signsOfLife');
  const matchers = [
    ...advice.flatMap((note) => [...itemsIn(note, 'signs'), ...itemsIn(note, 'match')]),
    ...containers.flatMap((one) => [...itemsIn(one, 'include'), ...itemsIn(one, 'exclude')]),
  ];
  return [
    ...advice.flatMap((note) => renamedField(note, 'signs', 'match')),
    ...matchers.flatMap((matcher) => member(matcher, 'in', matcherKinds)),
    ...itemsIn(spec, 'variants').flatMap((variant) => renamedField(variant, 'by', 'from')),
    ...itemsIn(spec, 'deliveries').flatMap(inDelivery),
    ...renamedField(spec, 'writable', 'writablePaths'),
    ...conditional.flatMap((item) => inside(item, 'when').flatMap((when) => member(when, 'if', conditionKinds))),
    ...signsOfLife
      .flatMap((one) => [...itemsIn(one, 'alive'), ...itemsIn(one, 'failed')])
      .flatMap((sign) => member(sign, 'in', lifeSignKinds)),
    ...(itemsIn(spec, 'deliveries').some(({ object }) => object['name'] === BAKED)
      ? []
      : itemsIn(spec, 'tests').flatMap(inTest)),
  ];
}

/** What a kind of deliveries had beside its name and its kind. */
const FIELDS_OF_KINDS: ReadonlySet<string> = new Set([
  'claimName',
  'subPath',
  'readOnly',
  'pullPolicy',
  'pullSecret',
  'command',
  'copyTo',
  'position',
  'requests',
  'limits',
  'securityContext',
  'sizeLimit',
  'medium',
  'storageClassName',
  'size',
  'path',
  'hostPathType',
  'driver',
  'fsType',
  'attributes',
]);

function inDelivery(delivery: Place): readonly WordChange[] {
  const { path, object } = delivery;
  const { type, name, remove, image } = object;
  // What takes an inherited delivery out needs its name only.
  if (typeof type === 'string' && name === undefined && remove === true)
    return [
      { kind: 'field', path, from: 'type', to: 'name' },
      ...(type === BAKED ? [{ kind: 'value', path: [...path, 'type'], from: BAKED, to: PREINSTALLED } as const] : []),
    ];
  if (typeof type === 'string') return member(delivery, 'type', deliveryTags);
  const unplaced = Object.keys(object).filter((field) => FIELDS_OF_KINDS.has(field));
  return [...unplaced, ...(typeof image === 'string' ? ['image'] : [])].map((from) => ({
    kind: 'unplaced',
    path,
    from,
  }));
}

/** The name of a delivery in the settings and in the result of a test. */
function inTest(test: Place): readonly WordChange[] {
  const namespace = inside(test, 'namespace');
  const metadata = inside(test, 'pod').flatMap((pod) => inside(pod, 'metadata'));
  const annotations = metadata.flatMap((one) => inside(one, 'annotations'));
  const expected = inside(test, 'expect');
  return [
    ...namespace.flatMap((one) => bakedIn(one, (name) => name === DELIVERY)),
    ...annotations.flatMap((one) => bakedIn(one, (name) => parseKey(name)?.setting === DELIVERY)),
    ...expected.flatMap((one) => bakedIn(one, (name) => name === DELIVERY)),
  ];
}

const DELIVERY = 'delivery';

function bakedIn({ path, object }: Place, isDelivery: (name: string) => boolean): readonly WordChange[] {
  return Object.entries(object).flatMap(([name, value]): readonly WordChange[] =>
    value === BAKED && isDelivery(name)
      ? [{ kind: 'value', path: [...path, name], from: BAKED, to: PREINSTALLED }]
      : [],
  );
}

function renamedField({ path, object }: Place, from: string, to: string): readonly WordChange[] {
  return object[from] === undefined || object[to] !== undefined ? [] : [{ kind: 'field', path, from, to }];
}

function member({ path, object }: Place, tag: string, kinds: Kinds): readonly WordChange[] {
  const { [tag]: value } = object;
  const kind = typeof value === 'string' && Object.hasOwn(kinds, value) ? kinds[value] : undefined;
  if (typeof value !== 'string' || !kind) return [];
  return [{ kind: 'member', path, tag, value, member: kind.member ?? value, content: kind.content }];
}

function itemsIn({ path, object }: Place, list: string): readonly Place[] {
  const { [list]: items } = object;
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: Json, index) => (isObject(item) ? [{ path: [...path, list, index], object: item }] : []));
}

function inside({ path, object }: Place, name: string): readonly Place[] {
  return isObject(object[name]) ? [{ path: [...path, name], object: objectIn(object, name) }] : [];
}
