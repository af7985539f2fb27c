import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Level } from '../../src/api/keys.ts';
import { decodePod } from '../../src/kubernetes/pod.ts';
import { podFromTemplate } from '../../src/kubernetes/workload.ts';
import { type JsonObject, textIn } from '../../src/lib/json.ts';
import { withTenancy } from '../../src/profiles/catalogue.ts';
import { STRICT } from '../../src/profiles/tenancy/policy.ts';
import { catalogue, plainNamespace, pod as podWith } from '../support/fixtures.ts';
import { admissionsOf, imported, manifestOf, manifestsIn, withDocuments } from '../support/imported.ts';
import { operatorManifests } from '../support/operator-manifests.ts';
import { complete, type Complete, partly } from '../support/operator-situations.ts';

// What `import` makes of the OpenTelemetry Operator's manifests gives the same pods as the translation by hand.

/** The pod of the same manifest, with the annotations that were written by hand. */
function byHand(text: string, situation: Complete) {
  const [template] = manifestOf(text).templates;
  assert(template);
  const { annotations } = podWith([], { profile: situation.profile, ...situation.pod }).metadata ?? {};
  const decoded = decodePod(
    podFromTemplate(template.workload, template.name, {
      ...template.pod,
      metadata: { ...(template.workload.kind === 'Pod' && { name: template.name }), annotations: { ...annotations } },
    }),
  );
  assert(decoded.ok);
  const settableBy = new Map(
    (situation.opens ?? []).map((name): [string, readonly Level[]] => [name, ['cluster', 'namespace']]),
  );
  const known = withTenancy(catalogue, { ...STRICT, settableBy });
  const ref = template.workload.kind === 'Pod' ? {} : { workload: { kind: template.kind, name: template.name } };
  const cluster = { kubernetes: undefined, configMapKeys: () => undefined, ...ref };
  return admit(decoded.value, plainNamespace(situation.namespace), known, cluster);
}

/** Volumes and init containers have the name of their profile: those of one that extends another are compared by that name. */
function named(spec: unknown, profiles: readonly JsonObject[]): unknown {
  const text = profiles.reduce((before, { metadata, spec: own }) => {
    const name = textIn(metadata as JsonObject, 'name');
    return before.replaceAll(name, textIn(own as JsonObject, 'extends'));
  }, JSON.stringify(spec));
  return JSON.parse(text);
}

describe('import of a situation', () => {
  it.each([...complete, ...partly].map((situation) => [situation.folder, situation] as const))('%s', (_, situation) => {
    const text = operatorManifests(situation);
    const result = imported(text);
    // The image for Python has no exporter for gRPC.
    const lost = result.report.filter(
      ({ outcome, message }) => outcome === 'lost' && !message.includes('python has no'),
    );
    expect(lost).toEqual([]);
    const [admission] = admissionsOf(manifestsIn(result), withDocuments(result.migration.profiles));
    expect(admission?.decision.outcome).toBe('injected');
    expect(admission?.decision.notices).toEqual([]);
    expect(named(admission?.pod.spec, result.migration.profiles)).toEqual(byHand(text, situation).pod.spec);
  });
});
