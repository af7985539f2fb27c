import type { ClusterState } from '../../kubernetes/cluster-state.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import type { ConsultedCluster } from './consulted-cluster.ts';

/** All that a decision was made of, but for the pod. */
export interface AnswerInputs {
  readonly namespace: Namespace;
  readonly catalogue: Catalogue;
  readonly consulted: ConsultedCluster;
}

/** What the grounds of earlier answers are held against. */
export interface CurrentInputs {
  readonly namespace: (name: string) => Namespace | undefined;
  readonly catalogue: () => Catalogue;
  readonly cluster: () => ClusterState;
}

interface Known<Answer> {
  readonly answer: Answer;
  readonly grounds: AnswerInputs;
  /** In characters. */
  readonly size: number;
}

/** In characters, one byte each: of two generations, together twice as much at most. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** Where so many facts were asked for, asking again costs as much as deciding again. */
const MAX_LOOKUPS = 32;

/**
 * The answers to reviews of pod templates, as long as they hold. A decision is a pure function of pod, namespace, catalogue and what it asks of
 * the cluster: the same text on the same grounds has the same answer. Bounded: what was not asked for in a while is forgotten, half at a time.
 */
export class AnswerCache<Answer> {
  private young = new Map<string, Known<Answer>>();
  private old: ReadonlyMap<string, Known<Answer>> = new Map();
  private youngSize = 0;
  private readonly most: number;
  private readonly sights = new Uint32Array(2 ** SIGHT_BITS);

  /** `most`: characters that a generation may have. */
  constructor(most = MAX_CHARACTERS) {
    this.most = most;
  }

  /** The answer to a review of this template, if everything that it was made of is still so. */
  find(template: string, present: CurrentInputs): Answer | undefined {
    const young = this.young.get(template);
    const known = young ?? this.old.get(template);
    if (!known || !holds(known.grounds, present)) return undefined;
    if (!young) this.put(template, known);
    return known.answer;
  }

  /** Whether an answer to this template is worth keeping: it was asked for before, not long ago. Most that are made up never are again. */
  isWanted(template: string): boolean {
    const sight = sightOf(template);
    // The upper bits: of this kind of number they depend on all characters.
    const place = sight >>> (32 - SIGHT_BITS);
    const isKnown = this.sights[place] === sight;
    this.sights[place] = sight;
    return isKnown;
  }

  /** Keeps an answer; what is too large for what it saves is let go. `size`: of the answer, in characters. */
  store(template: string, answer: Answer, grounds: AnswerInputs, size: number): void {
    if (grounds.consulted.questions() > MAX_LOOKUPS) return;
    this.put(template, { answer, grounds, size: template.length + size });
  }

  private put(template: string, known: Known<Answer>): void {
    if (known.size > this.most / 4) return;
    if (this.youngSize + known.size > this.most) {
      this.old = this.young;
      this.young = new Map();
      this.youngSize = 0;
    }
    this.youngSize += known.size - (this.young.get(template)?.size ?? 0);
    this.young.set(template, known);
  }
}

/** How many templates are remembered to have been seen: two to the power of this. */
const SIGHT_BITS = 14;

/** A number of 32 bits for a text, from every fifth of its characters. Two texts may share one: then one is kept a little early. */
function sightOf(text: string): number {
  let view = text.length;
  for (let at = 0; at < text.length; at += 5) view = Math.imul(view ^ text.charCodeAt(at), 0x01000193);
  return view >>> 0;
}

function holds({ namespace, catalogue, consulted }: AnswerInputs, present: CurrentInputs): boolean {
  return (
    present.namespace(namespace.name) === namespace &&
    present.catalogue() === catalogue &&
    consulted.holds(present.cluster())
  );
}
