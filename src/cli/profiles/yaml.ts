import { Document, isScalar, visit } from 'yaml';
import { isPrintableInYaml, printableYaml } from '../../lib/printable.ts';

/** YAML in which no string can act on a terminal or a CI log: what could do so is escaped in double quotes, and reads as the same value. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (isScalar(node) && typeof node.value === 'string' && !isPrintableInYaml(node.value))
        node.type = 'QUOTE_DOUBLE';
    },
  });
  return printableYaml(document.toString());
}
