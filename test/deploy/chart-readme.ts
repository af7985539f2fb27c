import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument, stringify, type Pair } from 'yaml';
import { chart } from '../support/chart.ts';
import { code, table } from '../support/markdown.ts';

interface Row {
  readonly key: string;
  readonly standard: string;
  readonly meaning: string;
}

/** A comment as one text, without the example at its end, which begins with the key itself. */
function meaningOf(comment: string, key: string): string {
  // What precedes an empty line is about the file.
  const own = comment.split(/\n\s*\n/).at(-1) ?? '';
  const lines = own.split('\n').map((line) => line.replace(/^ /, ''));
  const example = lines.findIndex((line) => line.startsWith(`${key}:`) && /:$|: [[{]/.test(line));
  const text = example === -1 ? lines : lines.slice(0, example);
  return text
    .map((line) => line.trim())
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function rowsOf(pair: Pair, before: string, within: readonly string[]): readonly Row[] {
  const { key, value } = pair;
  if (!isScalar(key)) return [];
  const name = String(key.value);
  const path = [...within, name];
  const meaning = meaningOf(key.commentBefore ?? before, name);
  if (!isMap(value) || value.items.length === 0)
    return [
      { key: path.join('.'), standard: stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim(), meaning },
    ];
  const [first, ...others] = value.items.flatMap((item, index) =>
    rowsOf(item, index === 0 ? (value.commentBefore ?? '') : '', path),
  );
  if (!first) return [];
  // What is said of the whole stands at its first value.
  return [{ ...first, meaning: [meaning, first.meaning].filter((text) => text !== '').join(' ') }, ...others];
}

/** The README of the chart, which `helm show readme` prints: made of Chart.yaml and values.yaml. */
export function chartReadme(): string {
  const { version, kubeVersion, description } = parseDocument(
    readFileSync(join(chart, 'Chart.yaml'), 'utf8'),
  ).toJS() as {
    readonly [field: string]: string;
  };
  const document = parseDocument(readFileSync(join(chart, 'values.yaml'), 'utf8'));
  if (!isMap(document.contents)) throw new Error('values.yaml is not a map');
  const { items, commentBefore } = document.contents;
  const rows = items.flatMap((pair, index) => rowsOf(pair as Pair, index === 0 ? (commentBefore ?? '') : '', []));
  return `# agent-injector ${version ?? ''}

<!-- Made from Chart.yaml and values.yaml: UPDATE_DOCS=1 npx vitest run test/docs test/deploy -->

${description ?? ''} It needs Kubernetes ${kubeVersion ?? ''}.

\`\`\`sh
helm upgrade --install agent-injector agent-injector-chart-${version ?? ''}.tgz --namespace agent-injector --create-namespace --wait \\
  --set image.repository=registry.example.com/agent-injector
helm test -n agent-injector agent-injector
kubectl label namespace MY-NAMESPACE agent-injector.io/injection=enabled
\`\`\`

The image is yours: \`docker build\` in the repository makes it, and your nodes must be able to pull it. The notes after the installation name the next steps. To uninstall, delete the MutatingWebhookConfiguration first, so that no pod waits for an answer:
\`kubectl delete mutatingwebhookconfiguration zz-agent-injector\`, then \`helm uninstall agent-injector --namespace agent-injector\`.

## Values

${table(
  ['value', 'default', 'meaning'],
  rows.map(({ key, standard, meaning }) => [code(key), code(standard), meaning]),
)}
`;
}
