import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderDeploy } from '../../tools/render-deploy.js';
import { objectsOf, render, root } from '../support/chart.ts';
import { helm, run } from '../support/deploy-tools.ts';

const base = join(root, 'deploy/kustomize/base');
const install = objectsOf(readFileSync(join(root, 'deploy/install.yaml'), 'utf8'));

describe.skipIf(helm === undefined)('deploy/', () => {
  it('is what the chart renders: else `npm run render`', () => {
    const files = renderDeploy(helm ?? '');
    for (const [path, text] of files) expect(readFileSync(join(root, 'deploy', path), 'utf8'), path).toBe(text);
    const expected = [...files.keys()].filter((path) => path.startsWith('kustomize/base/'));
    expect(
      readdirSync(base)
        .map((name) => `kustomize/base/${name}`)
        .toSorted(),
    ).toEqual(expected.toSorted());
  });

  it('has every object of the chart, and the namespace first', () => {
    const name = ({ kind, metadata }: (typeof install)[number]) => `${kind}/${metadata?.name}`;
    const rendered = render('default', { args: ['--no-hooks'] });
    expect(install[0]?.kind).toBe('Namespace');
    expect(install.slice(1).map(name).toSorted()).toEqual(rendered.map(name).toSorted());
  });
});

describe('deploy/install.yaml', () => {
  it('comes in an order in which it can be applied: the webhook last', () => {
    expect(install.at(0)?.kind).toBe('Namespace');
    expect(install.at(-1)?.kind).toBe('MutatingWebhookConfiguration');
  });

  it('holds its own namespace to the PodSecurity level "restricted"', () => {
    expect(install[0]?.metadata?.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  });

  it('does not say that Helm manages it', () => {
    for (const { kind, metadata } of install) {
      expect(metadata?.labels?.['app.kubernetes.io/managed-by'], kind).toBe('kubectl');
      expect(metadata?.labels, kind).not.toHaveProperty('helm.sh/chart');
    }
  });
});

const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;

it.skipIf(!hasKubectl)('kubectl builds the kustomize base', () => {
  const { code, stdout } = run('kubectl', ['kustomize', base]);
  expect(code).toBe(0);
  const byName = (one: (typeof install)[number]) => `${one.kind}/${one.metadata?.name}`;
  expect(objectsOf(stdout).map(byName).toSorted()).toEqual(install.map(byName).toSorted());
});

it('the kustomize base is the same objects as install.yaml', () => {
  const { resources } = parse(readFileSync(join(base, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  expect(resources.flatMap((file) => objectsOf(readFileSync(join(base, file), 'utf8')))).toEqual(install);
});
