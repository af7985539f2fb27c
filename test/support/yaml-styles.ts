import fc from 'fast-check';
import { Document, visit } from 'yaml';
import type { JsonObject } from '../../src/lib/json.ts';
import { parseManifest } from '../../src/manifests/documents.ts';

/** Ways to write YAML or JSON. */
export const styles = fc.record({
  indent: fc.constantFrom(2, 4),
  indentSeq: fc.boolean(),
  eol: fc.constantFrom('\n', '\n', '\r\n'),
  finalNewline: fc.boolean(),
  /** Every n-th node is written in brackets; 0: none. */
  flow: fc.constantFrom(0, 0, 2, 5),
  /** A comment or an empty line follows every n-th line; 0: none. */
  comments: fc.constantFrom(0, 1, 3),
  padding: fc.boolean(),
  json: fc.constantFrom(undefined, undefined, undefined, 0, 2, '\t'),
});
export type Style = typeof styles extends fc.Arbitrary<infer T> ? T : never;

export function render(object: JsonObject, style: Style): string {
  const plain = style.json === undefined ? renderYaml(object, style) : `${JSON.stringify(object, null, style.json)}\n`;
  return (style.finalNewline ? plain : plain.trimEnd()).replaceAll('\n', style.eol);
}

function renderYaml(object: JsonObject, style: Style): string {
  const document = new Document(object, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  let nodes = 0;
  visit(document, {
    Collection: (_, node) => {
      nodes += 1;
      if (nodes > 1 && style.flow > 0 && nodes % style.flow === 0) node.flow = true;
      return undefined;
    },
  });
  const text = document.toString({
    indent: style.indent,
    indentSeq: style.indentSeq,
    flowCollectionPadding: style.padding,
    lineWidth: style.flow === 2 ? 20 : 0,
  });
  const commented = withComments(text, style.comments);
  return isSame(commented, text) ? commented : text;
}

/** Adds comments where a parser ignores them, except in strings after `|` and `>`, which `isSame` detects. */
function withComments(text: string, every: number): string {
  const lines = text.split('\n');
  const extras = ['# at the left', '', '      # deep', '  # two in'];
  return lines
    .flatMap((line, index) => (every > 0 && index % every === 0 ? [line, extras[index % extras.length] ?? ''] : [line]))
    .join('\n');
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [parseManifest(one), parseManifest(other)];
  return a.ok && b.ok && JSON.stringify(a.value.documents[0]?.json) === JSON.stringify(b.value.documents[0]?.json);
}
