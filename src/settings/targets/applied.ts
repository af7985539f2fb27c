import type { PodTarget } from '../../kubernetes/cluster-state.ts';
import { annotationsOf } from '../../kubernetes/pod.ts';
import { readAnnotations } from '../annotations.ts';
import { levelsFor, type LevelSources } from '../levels.ts';
import { selectedTargets } from './selected.ts';

// Found out once for a decision, which asks dozens of times.
const applied = new WeakMap<LevelSources, PodTarget | 'none'>();

/**
 * The one target that applies to the pod, or to a container of it. The first that says which agent there is wins, and what it leaves open no other
 * target adds: the annotation `profile` of the pod, an AgentTarget, the annotation of the namespace, a ClusterAgentTarget.
 */
export function appliedTarget(sources: LevelSources, container?: string): PodTarget | undefined {
  if (selectedTargets(sources).length === 0) return undefined;
  const known = applied.get(sources) ?? find(sources) ?? 'none';
  applied.set(sources, known);
  if (known === 'none' || (container !== undefined && hasOwnProfile(sources, container))) return undefined;
  return known;
}

function find(sources: LevelSources): PodTarget | undefined {
  const [own, cluster] = (['namespace', 'cluster'] as const).map((scope) =>
    selectedTargets(sources).find((target) => target.scope === scope),
  );
  const levels = levelsFor(sources, 'profile');
  if (levels.includes('pod')) {
    if (saysProfile(annotationsOf(sources.pod))) return undefined;
    if (own) return own;
  }
  if (levels.includes('namespace') && saysProfile(sources.namespace.annotations)) return undefined;
  return levels.includes('cluster') ? cluster : undefined;
}

function saysProfile(annotations: Readonly<Record<string, string>>): boolean {
  return readAnnotations(annotations).common.has('profile');
}

function hasOwnProfile(sources: LevelSources, container: string): boolean {
  const { byContainer } = readAnnotations(annotationsOf(sources.pod));
  return byContainer.get(container)?.has('profile') === true && levelsFor(sources, 'profile').includes('container');
}
