// Writes deploy/install.yaml and deploy/kustomize/base from the chart. `npm run render`; needs helm (HELM names it).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const NAME = 'agent-injector';
const HEAD = '# Made by `npm run render` from deploy/helm/agent-injector: do not edit.\n';

// PodSecurity: our own pod is held to the strictest level that there is.
const namespace = (labels) => `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAME}
  labels:
${labels.trimEnd()}
    pod-security.kubernetes.io/enforce: restricted
`;

/**
 * Every file below deploy/ that is made of the chart, from its path to its text. Who applies them has no Helm, so the labels do not speak of it.
 * @param {string} helm
 * @returns {ReadonlyMap<string, string>}
 */
export function renderDeploy(helm) {
  const rendered = execFileSync(
    helm,
    ['template', NAME, join(root, `deploy/helm/${NAME}`), '--namespace', NAME, '--no-hooks'],
    { encoding: 'utf8' },
  )
    .replaceAll(/^ *helm\.sh\/chart: .*\n/gm, '')
    .replaceAll('app.kubernetes.io/managed-by: Helm', 'app.kubernetes.io/managed-by: kubectl');
  const labels = /^ {2}labels:\n((?: {4}.*\n)+)/m.exec(rendered)?.[1] ?? '';
  const files = new Map([['namespace.yaml', namespace(labels)]]);
  for (const part of rendered.split(/^---\n/m).filter((text) => text.trim() !== '')) {
    const [, source = '', text = ''] = /^# Source: .*\/([^/\n]+)\n([\s\S]*)$/.exec(part) ?? [];
    const before = files.get(source);
    files.set(source, before === undefined ? text : `${before}---\n${text}`);
  }
  const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${[...files.keys()].map((name) => `  - ${name}\n`).join('')}`;
  const base = [...files, ['kustomization.yaml', kustomization]];
  return new Map([
    ['install.yaml', HEAD + [...files.values()].join('---\n')],
    ...base.map(([name, text]) => /** @type {const} */ ([`kustomize/base/${name}`, HEAD + text])),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = renderDeploy(process.env['HELM'] || 'helm');
  rmSync(join(root, 'deploy/kustomize/base'), { recursive: true, force: true });
  for (const [path, text] of files) {
    const file = join(root, 'deploy', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.log(
    `deploy/: ${files.size} files, version ${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}`,
  );
}
