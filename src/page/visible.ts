import type { Overview } from './wire.ts';

/** The namespaces that a viewer may see: those whose pods the API server lets the viewer list. */
export interface Sight {
  /** Of all namespaces, also of those to come. */
  readonly isOfAll: boolean;
  readonly namespaces: ReadonlySet<string>;
}

export function canSee({ isOfAll, namespaces }: Sight, namespace: string): boolean {
  return isOfAll || namespaces.has(namespace);
}

/** Then there is nothing to show, and the viewer should hear why. */
export function seesNothing({ isOfAll, namespaces }: Sight): boolean {
  return !isOfAll && namespaces.size === 0;
}

/** The part of an overview that a viewer may see. What is about the cluster, and every note, is for those who see all of it. */
export function visibleOverview({ needs, workloads, notes }: Overview, sight: Sight): Overview {
  if (sight.isOfAll) return { needs, workloads, notes };
  return {
    needs: needs.flatMap((need) => {
      const affected = need.affected.filter(({ namespace }) => canSee(sight, namespace));
      return affected.length === 0 ? [] : [{ ...need, affected }];
    }),
    workloads: workloads.filter(({ namespace }) => canSee(sight, namespace)),
    notes: [],
  };
}
