import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { admit } from '../../src/admission/admit.ts';
import { toNamespace } from '../../src/cluster/caches/namespace-object.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { catalogue as builtIn, catalogueWith } from '../support/fixtures.ts';
import { clusterTarget, specOfAnnotations, target, targetsOf, withoutOrigin } from '../support/targets.ts';

// The golden pods of the built-in profiles again, where a target says what annotations of the namespace say.

const read = (...path: string[]): JsonObject => parse(readFileSync(join(import.meta.dirname, ...path), 'utf8')) as JsonObject;

describe.each([...builtIn.profiles.keys()])('%s', (name) => {
  const annotated = toNamespace(read(name, 'namespace.yaml')) as Namespace;
  const plain = { ...annotated, name: 'shop', annotations: {} };
  const file = join(import.meta.dirname, name, 'defaults.yaml');
  const known = catalogueWith(existsSync(file) ? (read(name, 'defaults.yaml') as Record<string, string>) : {});
  const spec = specOfAnnotations(annotated.annotations);
  const pod = read(name, 'pod.yaml') as Pod;

  it.each([
    ['an AgentTarget', target(name, spec)],
    ['a ClusterAgentTarget', clusterTarget(name, spec)],
  ])('%s makes the pod that the annotations make', (_, one) => {
    const { pod: after, decision } = admit(pod, plain, known, targetsOf(one));
    expect(decision.outcome).toBe('injected');
    expect(withoutOrigin(after)).toEqual(withoutOrigin(admit(pod, { ...annotated, name: 'shop' }, known).pod));
  });
});
