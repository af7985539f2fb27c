import { LRUCache } from 'lru-cache';
import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { RecordedLookups } from './lookup-recorder.ts';

/** Everything that a decision was made from, except the pod. */
export interface DecisionInputs {
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly lookups: RecordedLookups;
}

export interface CurrentInputs {
  readonly namespaces: { readonly get: (name: string) => Namespace | undefined };
  readonly catalogue: () => Catalogue;
  readonly cluster: () => ClusterState;
}

interface Entry<Answer> {
  readonly answer: Answer;
  readonly namespaceName: string;
  /** Weak, so that an answer that is never asked for again does not keep an earlier state of its namespace in memory. */
  readonly namespace: WeakRef<Namespace>;
  readonly lookups: RecordedLookups;
}

/** Characters, of one byte each. */
const MAX_SIZE = 8 * 1024 * 1024;

/** Above this, repeating the lookups costs as much as deciding again. */
const MAX_LOOKUPS = 32;

/**
 * Answers to reviews, by pod template. A decision is a pure function of the pod and its inputs: the same template with the same inputs has the same
 * answer. Why and how much: docs/adr/0017-known-answers.md.
 */
export class AnswerCache<Answer> {
  readonly #entries: LRUCache<string, Entry<Answer>>;
  readonly #seen = new Uint32Array(2 ** SEEN_BITS);
  /** The one that all entries were decided with. */
  #catalogue: Catalogue | undefined;

  /** An answer that takes more than an eighth of `maxSize` is not stored. */
  constructor(maxSize = MAX_SIZE) {
    this.#entries = new LRUCache({ maxSize, maxEntrySize: Math.floor(maxSize / 8) });
  }

  /** Returns the answer if all its inputs are unchanged. */
  find(template: string, current: CurrentInputs): Answer | undefined {
    const entry = this.#entries.get(template);
    if (!entry) return undefined;
    if (current.catalogue() === this.#catalogue && isCurrent(entry, current)) return entry.answer;
    this.#entries.delete(template);
    return undefined;
  }

  /** Reports whether a template was seen recently, and records it. Approximate: templates share slots, and equal hashes count as the same template. */
  wasSeenBefore(template: string): boolean {
    const hash = hashOf(template);
    // The upper bits, because in this hash they depend on every character.
    const slot = hash >>> (32 - SEEN_BITS);
    const isSeen = this.#seen[slot] === hash;
    this.#seen[slot] = hash;
    return isSeen;
  }

  /** `size`: characters that the answer takes. */
  store(template: string, answer: Answer, inputs: DecisionInputs, size: number): void {
    const { namespace, catalogue, lookups } = inputs;
    if (lookups.count() > MAX_LOOKUPS) return;
    this.#startCatalogue(catalogue);
    const entry = { answer, namespaceName: namespace.name, namespace: new WeakRef(namespace), lookups };
    this.#entries.set(template, entry, { size: template.length + size });
  }

  /** Forgets all answers of another catalogue: each would keep it in memory. */
  #startCatalogue(catalogue: Catalogue): void {
    if (catalogue === this.#catalogue) return;
    this.#catalogue = catalogue;
    this.#entries.clear();
  }
}

/** Binary logarithm of the number of templates that are remembered as seen. */
const SEEN_BITS = 14;

function hashOf(text: string): number {
  let hash = text.length;
  for (let at = 0; at < text.length; at += 5) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function isCurrent({ namespaceName, namespace, lookups }: Entry<unknown>, current: CurrentInputs): boolean {
  const known = current.namespaces.get(namespaceName);
  return known !== undefined && known === namespace.deref() && lookups.matches(current.cluster());
}
