import { type NodeFacts, nodeFacts, type NodeKind, nodeKindOf } from '../../kubernetes/nodes/facts.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import { SharingStore } from '../watch/store.ts';
import type { Cache, CacheOptions } from './cache.ts';

/** A node lists up to fifty images. */
const PAGE_ITEMS = 100;

/** Mirrors the kinds of the nodes: a heartbeat of a node changes nothing. Needs list and watch of nodes. */
export class Nodes implements Cache {
  readonly #nodes: Reflector<NodeKind, SharingStore<NodeKind>>;
  #last:
    | { readonly kinds: readonly NodeKind[]; readonly count: number; readonly facts: NodeFacts | undefined }
    | undefined;

  constructor(client: KubeClient, options: CacheOptions) {
    this.#nodes = new Reflector({
      ...options,
      client,
      metadataOnly: false,
      pageItems: PAGE_ITEMS,
      path: '/api/v1/nodes',
      transform: nodeKindOf,
      createStore: () => new SharingStore<NodeKind>(),
    });
  }

  start(): this {
    this.#nodes.start();
    return this;
  }

  /** Undefined while the nodes are unknown, or if there are none. No I/O. */
  facts(): NodeFacts | undefined {
    const store = this.#nodes.fresh();
    if (!store) return undefined;
    const [kinds, count] = [store.distinct(), store.size];
    if (this.#last?.kinds !== kinds || this.#last.count !== count)
      this.#last = { kinds, count, facts: nodeFacts(kinds, count) };
    return this.#last.facts;
  }

  status(): Readonly<Record<string, ReflectorStatus>> {
    return { nodes: this.#nodes.status() };
  }

  async whenTried(): Promise<void> {
    await this.#nodes.whenTried();
  }

  async stop(): Promise<void> {
    await this.#nodes.stop();
  }
}

export function nodeFactsFrom(nodes: readonly Json[]): NodeFacts | undefined {
  return nodeFacts(nodes.filter(isObject).map(nodeKindOf), nodes.length);
}
