import assert from 'node:assert/strict';
import { admit, type Admission } from '../../src/admission/admit.ts';
import { type Imported, importSources } from '../../src/cli/import/import.ts';
import { namespacesFromObjects } from '../../src/cluster/caches/namespaces.ts';
import { decodePod } from '../../src/kubernetes/pod.ts';
import { podFromTemplate } from '../../src/kubernetes/workload.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { parseManifest, type Manifest } from '../../src/manifests/documents.ts';
import { readWithBuiltIn } from '../../src/profile-sources/builtin-documents.ts';
import { type Catalogue, withProfiles } from '../../src/profiles/catalogue.ts';
import { catalogue } from './fixtures.ts';

export function manifestOf(text: string): Manifest {
  const parsed = parseManifest(text);
  assert(parsed.ok, JSON.stringify(!parsed.ok && parsed.error));
  return parsed.value;
}

/** What `import` makes of a text. */
export function imported(text: string, known: Catalogue = catalogue): Imported {
  return importSources([{ file: 'a.yaml', manifest: manifestOf(text) }], 'shop', known);
}

/** The manifests that `import` prints, without the profiles. */
export function manifestsIn({ files }: Imported): string {
  return files.flatMap(({ name, text }) => (name.startsWith('profiles/') ? [] : [text])).join('---\n');
}

/** The built-in profiles with these, each of which must be valid. */
export function withDocuments(documents: readonly JsonObject[]): Catalogue {
  const set = readWithBuiltIn(
    documents.map((document, index) => ({ origin: `${index}.yaml`, document })),
    catalogue,
  );
  assert.deepEqual(
    set.problems.map(({ message, path }) => `${path.map(String).join('.')}: ${message}`),
    [],
  );
  return withProfiles(catalogue, set.profiles, set.own.keys());
}

/** What a cluster decides on the pods of a text that `import` has printed. */
export function admissionsOf(text: string, known: Catalogue): readonly Admission[] {
  const { objects, templates } = manifestOf(text);
  const namespaces = namespacesFromObjects(objects.map(({ json }) => json));
  return templates.map(({ workload, name, pod, namespace = 'shop' }) => {
    const decoded = decodePod(podFromTemplate(workload, name, pod));
    const place = namespaces.get(namespace) ?? { name: namespace, labels: {}, annotations: {} };
    assert(decoded.ok, JSON.stringify(decoded));
    const ref = workload.kind === 'Pod' ? {} : { workload: { kind: workload.kind, name } };
    return admit(decoded.value, place, known, { kubernetes: undefined, configMapKeys: () => undefined, ...ref });
  });
}
