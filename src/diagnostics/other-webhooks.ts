import { type Json, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { ownEntries } from './webhook-match.ts';

/** Another product's webhook that changes pods. */
export interface OtherInjector {
  readonly configuration: string;
  /** What it is, where the table knows it. */
  readonly product: string;
  /** Whether it may put an agent into a process that ours wants, too. */
  readonly collides: boolean;
}

/** A row per product, known by a part of the names of its configuration and entries. Data of the catalogue, see tables/injectors.yaml. */
export interface KnownInjector {
  readonly name: string;
  readonly product: string;
  readonly collides: boolean;
}

/** The configurations that are not ours and that are called when a pod is created. */
export function otherInjectors(
  configurations: readonly JsonObject[],
  known: readonly KnownInjector[],
): readonly OtherInjector[] {
  return configurations
    .filter((one) => ownEntries(one).length === 0 && objectsIn(one, 'webhooks').some(changesPods))
    .map((one) => {
      const configuration = textIn(objectIn(one, 'metadata'), 'name');
      const names = [configuration, ...objectsIn(one, 'webhooks').map((entry) => textIn(entry, 'name'))];
      const row = known.find(({ name }) => names.some((text) => text.includes(name)));
      return { configuration, product: row?.product ?? 'not known', collides: row?.collides ?? false };
    });
}

function changesPods(entry: JsonObject): boolean {
  return objectsIn(entry, 'rules').some(
    ({ resources, operations }) => holds(resources, ['pods', '*', '*/*']) && holds(operations, ['CREATE', '*']),
  );
}

function holds(list: Json | undefined, values: readonly string[]): boolean {
  return Array.isArray(list) && values.some((value) => list.includes(value));
}
