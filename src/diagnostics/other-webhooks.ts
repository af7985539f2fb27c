import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { coversPodCreation, ownEntries } from './webhook-match.ts';

export interface OtherInjector {
  readonly configuration: string;
  readonly product: string;
  /** True if it may inject an agent into the same process. */
  readonly collides: boolean;
}

/** A row of tables/injectors.yaml. `name` is a part of the name of the product's configuration, or of an entry in it. */
export interface KnownInjector {
  readonly name: string;
  readonly product: string;
  readonly collides: boolean;
}

/** The webhook configurations of other products that are called when a pod is created. */
export function otherInjectors(
  configurations: readonly JsonObject[],
  known: readonly KnownInjector[],
): readonly OtherInjector[] {
  return configurations
    .filter((one) => ownEntries(one).length === 0 && objectsIn(one, 'webhooks').some(coversPodCreation))
    .map((one) => {
      const configuration = textIn(objectIn(one, 'metadata'), 'name');
      const names = [configuration, ...objectsIn(one, 'webhooks').map((entry) => textIn(entry, 'name'))];
      const row = known.find(({ name }) => names.some((text) => text.includes(name)));
      return { configuration, product: row?.product ?? 'unknown product', collides: row?.collides ?? false };
    });
}
