import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/lib/json.ts';
import { parseManifest } from '../../../src/manifests/documents.ts';
import { rewriteMetadata, type MetadataChange } from '../../../src/manifests/metadata/rewrite.ts';
import { withoutDocuments } from '../../../src/manifests/metadata/without-documents.ts';

/** Rewrites the only pod of a text. */
function rewritten(text: string, change: Partial<MetadataChange>) {
  const parsed = parseManifest(text);
  assert(parsed.ok);
  const [object] = parsed.value.objects;
  assert(object);
  const json: JsonObject = object.json;
  const whole = { document: 0, line: 1, pointer: '', json, labels: {}, annotations: {}, removed: [], ...change };
  return rewriteMetadata(parsed.value, [whole]);
}

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web   # the app
  annotations:
    # about the next one
    old: "1"   # goes with its line
    kept: x # stays
spec: {containers: [{name: a, image: a}]}
`;

describe('rewriteMetadata', () => {
  it('adds and removes keys, and keeps everything else as it is written', () => {
    const { text, problems, unremoved } = rewritten(POD, {
      annotations: { new: '2' },
      removed: [['annotations', 'old']],
    });
    expect({ problems, unremoved }).toEqual({ problems: [], unremoved: [] });
    expect(text).toBe(
      POD.replace('    old: "1"   # goes with its line\n', '').replace('# stays\n', '# stays\n    new: "2"\n'),
    );
  });

  it('adds maps that are not there', () => {
    const text = 'apiVersion: v1\nkind: Pod\nspec: {containers: []}\n';
    const result = rewritten(text, { labels: { a: 'b' }, annotations: { c: 'd' } });
    const parsed = parseManifest(result.text);
    assert(parsed.ok);
    expect(parsed.value.objects[0]?.json['metadata']).toEqual({ labels: { a: 'b' }, annotations: { c: 'd' } });
  });

  it('leaves an empty map where all keys go, also in brackets', () => {
    expect(
      rewritten(POD, {
        removed: [
          ['annotations', 'old'],
          ['annotations', 'kept'],
        ],
      }).text,
    ).toContain('annotations: {}');
    const flow = POD.replace(/annotations:[\s\S]*stays/, 'annotations: {old: "1", kept: x}');
    expect(rewritten(flow, { removed: [['annotations', 'old']] }).text).toContain('annotations: {kept: x}');
  });

  it('says what it cannot remove, and leaves it there', () => {
    const shared = `${POD.replace('annotations:', 'annotations: &shared')}---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n`;
    const alias = POD.replace('metadata:', 'metadata: &m').replace('spec:', 'status: {was: *m}\nspec:');
    const { text, problems, unremoved } = rewritten(alias, { removed: [['annotations', 'old']] });
    expect(problems).toEqual([]);
    expect(unremoved).toHaveLength(1);
    expect(text).toBe(alias);
    expect(rewritten(shared, { removed: [['annotations', 'old']] }).unremoved).toEqual([]);
  });
});

describe('withoutDocuments', () => {
  const text = '# top\na: 1\n---\n# two\nb: 2\n--- # three\nc: |\n  x\n  --- y\n';
  it.each([
    [[0], '---\n# two\nb: 2\n--- # three\nc: |\n  x\n  --- y\n'],
    [[1], '# top\na: 1\n--- # three\nc: |\n  x\n  --- y\n'],
    [[0, 1, 2], ''],
    [[], text],
  ])('of %j', (without, expected) => {
    expect(withoutDocuments(text, new Set(without))).toBe(expected);
  });

  it('with a comment before the first separator', () => {
    expect(withoutDocuments('# licence\n---\na: 1\n---\nb: 2\n', new Set([0]))).toBe('# licence\n---\nb: 2\n');
  });

  it('in JSON, there is one document', () => {
    expect(withoutDocuments('{"a": 1}\n', new Set([0]))).toBe('');
  });
});
