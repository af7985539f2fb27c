import { RESOURCES } from '../../api/target/kinds.ts';
import type { NamespaceTargets } from '../../kubernetes/cluster-state.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import type { Result } from '../../lib/result.ts';
import { problemText } from '../../profiles/catalogue.ts';
import type { Problem } from '../../profiles/problem.ts';
import { sizeOfTarget, type Target } from '../../settings/targets/target.ts';
import { TargetSet } from '../../settings/targets/target-set.ts';
import type { KubeClient } from '../client/types.ts';
import { SharedOutStore } from '../watch/store.ts';
import { keyOf } from '../watch/watch-event.ts';
import type { CacheOptions } from './cache.ts';
import { CustomResource } from './custom-resource.ts';

/** A target of the cluster, and what of it is in service. */
export interface StoredTarget {
  readonly uid: string;
  readonly generation: number;
  /** The last generation that was accepted; undefined if none was. */
  readonly target: Target | undefined;
  /** What is wrong with this generation; empty if it is in service. */
  readonly problems: readonly string[];
}

type Read = (object: JsonObject) => Result<Target, readonly Problem[]>;

type Kind = 'targets' | 'clusterTargets';

/** Characters of the AgentTargets of one namespace, whose authors may only use up what is theirs, and of all. */
const MAX_OF_NAMESPACE = 1024 * 1024;

const MAX_STORED = 32 * 1024 * 1024;

const NO_ROOM =
  'the AgentTargets of this namespace, or of all, take more than agent-injector keeps: delete some, or make them shorter, and apply this one again';

/** The AgentTargets and ClusterAgentTargets of a cluster. A generation that is not accepted leaves the last sound one in service. */
export class Targets {
  readonly resources: { readonly [kind in Kind]: CustomResource<StoredTarget> };
  #set = new TargetSet([]);
  #isStale = false;

  constructor(client: KubeClient, options: CacheOptions) {
    const open = (kind: Kind): CustomResource<StoredTarget> =>
      new CustomResource(client, {
        ...options,
        plural: RESOURCES[kind],
        prepare: async () => {
          // Loaded on demand: without CRDs, no schema is needed.
          const { readTarget } = await import('../../settings/targets/read-target.ts');
          return (object) => storedTarget(object, this.resources[kind].objects().get(keyOf(object)), readTarget);
        },
        ...(kind === 'targets' && { createStore: boundedStore }),
        onChange: () => {
          this.#isStale = true;
        },
      });
    this.resources = { targets: open('targets'), clusterTargets: open('clusterTargets') };
  }

  /** From memory: no I/O. The same object until a target changes that may select pods of the namespace. */
  of(namespace: string): NamespaceTargets | undefined {
    if (this.#isStale) this.#rebuild();
    return this.#set.of(namespace);
  }

  /** What is wrong with targets, one line for each. */
  problems(): readonly string[] {
    return this.#all().flatMap(([key, { problems, target }]) =>
      problems.map(
        (problem) => `${key}: ${problem}${target ? ' (the last accepted generation stays in service)' : ''}`,
      ),
    );
  }

  #all(): readonly (readonly [string, StoredTarget])[] {
    const { targets, clusterTargets } = this.resources;
    return [...targets.objects(), ...clusterTargets.objects()];
  }

  #rebuild(): void {
    this.#isStale = false;
    this.#set = new TargetSet(
      this.#all().flatMap(([, { target }]) => target ?? []),
      this.#set,
    );
  }
}

/** `before`: what is stored under its name. An object that was deleted and created again has no earlier generation. */
function storedTarget(object: JsonObject, before: StoredTarget | undefined, read: Read): StoredTarget {
  const metadata = objectIn(object, 'metadata');
  const uid = textIn(metadata, 'uid');
  const generation = Number(metadata['generation'] ?? 0);
  const result = read(object);
  if (result.ok) return { uid, generation, target: result.value, problems: [] };
  const target = before?.uid === uid ? before.target : undefined;
  return { uid, generation, target, problems: result.error.map(problemText) };
}

function boundedStore(): SharedOutStore<StoredTarget> {
  return new SharedOutStore<StoredTarget>({
    limit: MAX_OF_NAMESPACE,
    totalLimit: MAX_STORED,
    sizeOf: ({ target }) => (target ? sizeOfTarget(target) : 0),
    refused: ({ uid, generation }) => ({ uid, generation, target: undefined, problems: [NO_ROOM] }),
  });
}
