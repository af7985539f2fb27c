import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { admit } from '../../../src/admission/admit.ts';
import type { Catalogue } from '../../../src/profiles/catalogue.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import type { Namespace } from '../../../src/kubernetes/namespace.ts';
import { decodePod } from '../../../src/kubernetes/pod.ts';
import { toNamespace } from '../../../src/cluster/caches/namespace-object.ts';
import { type Manifest, parseManifest } from '../../../src/manifests/documents.ts';
import { editManifest } from '../../../src/manifests/edit/edit.ts';
import { uninjectText } from '../../../src/manifests/uninject/uninject.ts';
import { catalogue, namespace, catalogueWith, opened } from '../../support/fixtures.ts';
import { pods } from '../../support/generated-pod.ts';
import { render, styles } from '../../support/yaml-styles.ts';

const manifestOf = (text: string): Manifest => {
  const parsed = parseManifest(text);
  if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.error)} in\n${text}`);
  return parsed.value;
};

/** The text that `inject` writes; undefined if no pod is injected or a document is reformatted. */
function injected(text: string, within: Namespace, by: Catalogue = catalogue): string | undefined {
  const manifest = manifestOf(text);
  const edits = manifest.templates.flatMap((template) => {
    const decoded = decodePod(template.pod);
    if (!decoded.ok) return [];
    const { decision, operations } = admit(decoded.value, within, by);
    return decision.outcome === 'injected' ? [{ template, operations }] : [];
  });
  const edited = editManifest(manifest, edits);
  return edits.length > 0 && edited.ok && edited.value.reformatted.length === 0 ? edited.value.text : undefined;
}

const golden = join(import.meta.dirname, '../../golden');
const cases = readdirSync(golden, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

function namespaceFor(name: string): Namespace {
  const own = join(golden, name, 'namespace.yaml');
  const file = existsSync(own) ? own : join(golden, 'namespace.yaml');
  const found = toNamespace(parse(readFileSync(file, 'utf8')) as JsonObject);
  if (!found) throw new Error(`${file} is not a Namespace`);
  return { ...found, name };
}

/** One golden pod has these. Whether they were there before is unknown (docs/reference.md). */
const EMPTY_AT_THE_END = '      env: []\n      volumeMounts: []\n';

function catalogueFor(name: string): Catalogue {
  const file = join(golden, name, 'defaults.yaml');
  return catalogueWith(existsSync(file) ? (parse(readFileSync(file, 'utf8')) as Record<string, string>) : {});
}

describe('the golden pods', () => {
  const texts = cases.flatMap((name) => {
    const text = readFileSync(join(golden, name, 'pod.yaml'), 'utf8');
    const after = injected(text, namespaceFor(name), catalogueFor(name));
    return after === undefined ? [] : [{ name, text, after }];
  });

  it('are mostly injected', () => {
    expect(texts.length).toBeGreaterThan(20);
  });

  it.each(texts)('$name is restored byte for byte', ({ text, after }) => {
    expect(after).not.toBe(text);
    const { text: before, pods: results } = uninjectText(manifestOf(after), catalogue);
    expect(results.map(({ problem }) => problem)).toEqual([undefined]);
    expect(before).toBe(text.replace(EMPTY_AT_THE_END, ''));
  });

  it.each(texts)('$name is restored byte for byte from JSON', ({ name, text: author }) => {
    const text = author.replace(EMPTY_AT_THE_END, '');
    const json = JSON.stringify(parse(text), null, 2);
    const after = injected(json, namespaceFor(name), catalogueFor(name)) ?? '';
    expect(uninjectText(manifestOf(after), catalogue).text).toBe(json);
  });
});

describe('what kubectl prints, with --loose', () => {
  const asKubectl = (json: JsonObject): string => stringify(json, { sortMapEntries: true, indentSeq: false });
  /** An empty list or map says nothing: it may have been absent. */
  const withoutEmpty = (json: unknown): unknown =>
    JSON.parse(JSON.stringify(json), (_, value: unknown) =>
      typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value,
    );
  const texts = cases.flatMap((name) => {
    const text = readFileSync(join(golden, name, 'pod.yaml'), 'utf8');
    const after = injected(text, namespaceFor(name), catalogueFor(name));
    return after === undefined ? [] : [{ name, before: parse(text) as JsonObject, after: parse(after) as JsonObject }];
  });

  it.each(texts)('$name has nothing of ours any more', ({ before, after }) => {
    const { text, pods: results } = uninjectText(manifestOf(asKubectl(after)), catalogue, { loose: true });
    expect(results.map(({ problem }) => problem)).toEqual([undefined]);
    expect(withoutEmpty(parse(text))).toEqual(withoutEmpty(before));
  });

  it('works on a list, and leaves what it does not know', () => {
    const known = texts.find(({ after }) => JSON.stringify(after).includes('jennifer-dotnet'));
    const unknown = JSON.parse(JSON.stringify(known?.after).replaceAll('jennifer-dotnet', 'unknown')) as JsonObject;
    const some = texts.slice(0, 4);
    const items = [...some.map(({ after }) => after), unknown];
    const list = asKubectl({ apiVersion: 'v1', kind: 'List', items });
    const { text, pods: results } = uninjectText(manifestOf(list), catalogue, { loose: true });
    expect(results.filter(({ problem }) => problem !== undefined)).toHaveLength(1);
    expect(withoutEmpty((parse(text) as JsonObject)['items'])).toEqual(
      withoutEmpty([...some.map(({ before }) => before), unknown]),
    );
  });
});

describe('a list of pairs is restored to the letter', () => {
  const podWith = (name: string, variable: object): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: {
        containers: [
          {
            name: 'app',
            image: 'app',
            env: [
              { name: 'SVC', value: 'x' },
              { name, ...variable },
            ],
          },
        ],
      },
    });
  const otel = { profile: 'opentelemetry-java', 'otlp-endpoint': 'http://c:4318' };
  const attributes = (value: string) => podWith('OTEL_RESOURCE_ATTRIBUTES', { value });
  const newRelic = { profile: 'newrelic-java', 'license-key-secret': 'newrelic', labels: 'team:shop' };

  it.each<[string, string, Record<string, string>]>([
    ['', attributes(''), otel],
    ['team=a', attributes('team=a'), otel],
    ['team=a,', attributes('team=a,'), otel],
    [',team=a', attributes(',team=a'), otel],
    ['service.name=$(SVC),k8s.pod.name=x', attributes('service.name=$(SVC),k8s.pod.name=x'), otel],
    ['k8s.container.name=mine', attributes('k8s.container.name=mine'), otel],
    ['$(SVC)', attributes('$(SVC)'), otel],
    [
      'by reference',
      podWith('OTEL_RESOURCE_ATTRIBUTES', { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
      otel,
    ],
    ['stage:prod', podWith('NEW_RELIC_LABELS', { value: 'stage:prod' }), newRelic],
    ['(empty labels)', podWith('NEW_RELIC_LABELS', { value: '' }), newRelic],
  ])('%s', (_, text, settings) => {
    const after = injected(text, namespace(settings), opened(catalogue)) ?? '';
    const { text: before, pods: results } = uninjectText(manifestOf(after), catalogue);
    expect(results).toMatchObject([{ problem: undefined }]);
    expect(before).toBe(text);
  });

  it('unless it cannot be told whose pairs they are: then nothing is changed', () => {
    const text = podWith('NEW_RELIC_LABELS', { value: 'stage:prod;tier:web' });
    const after = injected(text, namespace(newRelic), opened(catalogue)) ?? '';
    const { text: before, pods: results } = uninjectText(manifestOf(after), catalogue);
    expect(results[0]?.problem).toContain('NEW_RELIC_LABELS');
    expect(before).toBe(after);
  });
});

/** The value without a record and, unless `keepEmpty`, without null, empty lists and empty maps. */
function cleaned(value: unknown, keepEmpty: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => cleaned(one, keepEmpty));
  if (typeof value !== 'object' || value === null) return value;
  const isNothing = (one: unknown): boolean =>
    one === null || (typeof one === 'object' && Object.keys(one).length === 0);
  const entries = Object.entries(value)
    .filter(([key]) => key !== 'agent-injector.io/status')
    .map(([key, one]) => [key, cleaned(one, keepEmpty)] as const);
  return Object.fromEntries(entries.filter(([, one]) => keepEmpty || !isNothing(one)));
}

const contentOf = (text: string): unknown => parseAllDocuments(text).map((document) => document.toJS() as unknown);

describe('generated pods', () => {
  const profiles = ['jennifer-dotnet', 'opentelemetry-java', 'newrelic-nodejs', 'opentelemetry-dotnet'] as const;
  const within = (profile: string): Namespace =>
    namespace({ profile, 'otlp-endpoint': 'http://collector:4318', 'license-key-secret': 'newrelic', containers: '*' });
  let count = 0;
  let refused = 0;

  const check = (profile: string, keepEmpty: boolean): void => {
    fc.assert(
      fc.property(pods, styles, (pod, style) => {
        const object: JsonObject = {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'a' },
          spec: { template: JSON.parse(JSON.stringify(cleaned(pod, keepEmpty))), after: 1 },
        };
        const text = render(object, style);
        const after = injected(text, within(profile));
        if (after === undefined) return;
        count++;
        const { text: before, pods: results } = uninjectText(manifestOf(after), catalogue);
        const isDone = results.every(({ problem }) => problem === undefined);
        if (!isDone && (keepEmpty || (style.flow > 0 && style.comments > 0))) {
          // Comments in brackets over several lines, or around empty lists: no change is better than another text.
          refused++;
          expect(before).toBe(after);
          return;
        }
        expect(results).toMatchObject([{ problem: undefined }]);
        // An empty map of labels is gone with ours, so the next injection adds it behind the annotations.
        if (keepEmpty) expect(contentOf(injected(before, within(profile)) ?? '')).toEqual(contentOf(after));
        else expect(before).toBe(text);
      }),
      { numRuns: 60 },
    );
  };

  it.each(profiles)('injected with %s are restored byte for byte, in any style', (profile) => {
    count = 0;
    refused = 0;
    check(profile, false);
    expect(count).toBeGreaterThan(10);
    expect(refused / count).toBeLessThan(0.1);
  });

  it.each(profiles)(
    'with empty lists, empty maps and null: the restored file, injected with %s again, is the same file',
    (profile) => {
      count = 0;
      refused = 0;
      check(profile, true);
      expect(count).toBeGreaterThan(10);
      expect(refused / count).toBeLessThan(0.1);
    },
  );
});
