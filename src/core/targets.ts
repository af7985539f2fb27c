import { isGlob, matchesGlob } from './glob.ts';
import { nearest } from './nearest.ts';
import type { Container, ContainerList, Pod } from './pod.ts';
import type { Reason } from './reasons.ts';
import { lookUp, MOST_NOTICES, type Layers } from './settings.ts';
import { words } from './words.ts';

/** A container and where it stands, so that an operation can point at it. */
export interface Target {
  readonly list: ContainerList;
  readonly index: number;
  readonly container: Container;
}

/** Every container of the pod: app containers first, then init containers and native sidecars. */
function allTargets(pod: Pod): readonly Target[] {
  const of = (list: ContainerList): readonly Target[] =>
    (pod.spec[list] ?? []).map((container, index) => ({ list, index, container }));
  return [...of('containers'), ...of('initContainers')];
}

export type Selection =
  | { readonly ok: true; readonly targets: readonly Target[]; readonly notices: readonly Reason[] }
  | { readonly ok: false; readonly reason: Reason };

/** More patterns than a person writes; each is tried on each container, so their number is bounded. */
const MOST_PATTERNS = 50;

/**
 * The containers that are to get an agent. By default every app container that is no known sidecar. The `containers` annotation names them
 * instead: a glob matches app containers only, since an agent in an init container is seldom meant; a full name matches any.
 */
export function selectTargets(layers: Layers): Selection {
  const setting = lookUp(layers, 'containers');
  const all = allTargets(layers.pod);
  if (!setting) {
    const { sidecars } = layers.catalogue;
    const targets = all.filter(({ list, container }) => list === 'containers' && !sidecars.has(container.name));
    return { ok: true, targets, notices: [] };
  }
  const patterns = words(setting.text);
  if (patterns.length > MOST_PATTERNS) {
    const expected = `at most ${MOST_PATTERNS} names or globs`;
    return {
      ok: false,
      reason: { code: 'invalid-value', setting: 'containers', value: setting.text, source: setting.source, expected },
    };
  }
  const unmatched = patterns.filter((pattern) => !all.some((target) => matches(pattern, target)));
  const names = all.map(({ container }) => container.name);
  return {
    ok: true,
    targets: all.filter((target) => patterns.some((pattern) => matches(pattern, target))),
    notices: unmatched.slice(0, MOST_NOTICES).map((pattern) => ({
      code: 'container-not-found',
      pattern,
      source: setting.source,
      nearest: nearest(pattern, names),
    })),
  };
}

function matches(pattern: string, { list, container }: Target): boolean {
  return isGlob(pattern) ? list === 'containers' && matchesGlob(pattern, container.name) : container.name === pattern;
}
