import { ENABLED, INJECTION_LABEL, REQUIRED, REVISION_LABEL } from '../api/keys.ts';
import { selectorMatches, selectorValues } from '../kubernetes/label-selector.ts';
import { type JsonObject, objectIn, textIn } from '../lib/json.ts';
import { coversPodCreation, type LabelledNamespace, ownEntries } from './webhook-match.ts';

/** Several releases of agent-injector that are called for the same pods. */
export interface Overlap {
  /** Names of their webhook configurations. */
  readonly configurations: readonly string[];
  /** An example of the namespaces that they serve, in words. */
  readonly namespaces: string;
}

/**
 * Finds configurations of agent-injector that serve the same namespaces, one overlap for each set of them: those of the list, and any with our labels
 * alone. Other labels in a selector may tell namespaces apart that are not in the list.
 */
export function overlappingReleases(
  configurations: readonly JsonObject[],
  namespaces: readonly LabelledNamespace[] = [],
): readonly Overlap[] {
  const found = new Map<string, Overlap>();
  for (const { labels, words } of [...possibleNamespaces(configurations), ...namespaces.map(existing)]) {
    const names = configurations
      .filter((one) => servesNamespace(one, labels))
      .map((one) => textIn(objectIn(one, 'metadata'), 'name'));
    const key = names.join();
    if (names.length > 1 && !found.has(key)) found.set(key, { configurations: names, namespaces: words });
  }
  return [...found.values()];
}

/** True if an entry of agent-injector in the configuration is called for pods of a namespace with these labels. */
export function servesNamespace(configuration: JsonObject, labels: LabelledNamespace['labels']): boolean {
  return ownEntries(configuration).some(
    (entry) => coversPodCreation(entry) && selectorMatches(entry['namespaceSelector'], labels),
  );
}

/** The namespaces whose label has a revision that no release serves: their pods start without an agent, even where one is required. */
export function withoutRelease<Given extends LabelledNamespace>(
  configurations: readonly JsonObject[],
  namespaces: readonly Given[],
): readonly Given[] {
  return namespaces.filter(
    ({ labels }) => labels[REVISION_LABEL] !== undefined && !configurations.some((one) => servesNamespace(one, labels)),
  );
}

interface Candidate {
  readonly labels: LabelledNamespace['labels'];
  readonly words: string;
}

function existing({ name, labels }: LabelledNamespace): Candidate {
  return { labels, words: `namespace ${name}` };
}

function possibleNamespaces(configurations: readonly JsonObject[]): readonly Candidate[] {
  const revisions = new Set(configurations.flatMap(ownEntries).flatMap(revisionsOf));
  return [ENABLED, REQUIRED].flatMap((value): readonly Candidate[] => {
    const words = `namespaces with label ${INJECTION_LABEL}=${value}`;
    return [
      { labels: { [INJECTION_LABEL]: value }, words: `${words} and without label ${REVISION_LABEL}` },
      ...[...revisions].map((revision) => ({
        labels: { [INJECTION_LABEL]: value, [REVISION_LABEL]: revision },
        words: `${words} and ${REVISION_LABEL}=${revision}`,
      })),
    ];
  });
}

/** The revision of the release whose configuration this is; undefined if it has none. */
export function revisionOf(configuration: JsonObject): string | undefined {
  const [revision] = ownEntries(configuration).flatMap(revisionsOf);
  return revision;
}

function revisionsOf(entry: JsonObject): readonly string[] {
  return selectorValues(entry['namespaceSelector'], REVISION_LABEL, 'In').filter((value) => typeof value === 'string');
}
