import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { root } from '../support/chart.ts';
import { helm, run } from '../support/deploy-tools.ts';

// `npm run package`: what a release publishes is made, and works.

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
const platform = `${process.platform}-${process.arch}`;
const program = `agent-injector-${version}-${platform}`;
const bundle = `agent-injector-${version}-offline-${platform}`;

let dir: string;
let made: ReturnType<typeof run>;

const packaged = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  run(process.execPath, [join(root, 'tools/package.js'), ...args], { cwd: root, env: { ...process.env, ...env } });

/** An earlier release: what a run that fails must not touch. */
function earlierRelease(): string {
  const earlier = mkdtempSync(join(tmpdir(), 'agent-injector-earlier-'));
  onTestFinished(() => rmSync(earlier, { recursive: true }));
  writeFileSync(join(earlier, 'SHA256SUMS'), 'earlier');
  return earlier;
}

describe('npm run package, before it changes anything', () => {
  const refuses = (args: readonly string[], env: NodeJS.ProcessEnv, about: RegExp): void => {
    const earlier = earlierRelease();
    const { code, stdout, stderr } = packaged([...args, earlier], env);
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 });
    expect(stderr).toMatch(about);
    expect(readdirSync(earlier)).toEqual(['SHA256SUMS']);
  };

  test('asks for Helm in one line', () => refuses(['--any-node'], { HELM: '/nowhere/helm' }, /Helm/));

  const pinned = readFileSync(join(root, '.node-version'), 'utf8').trim();
  test.skipIf(process.versions.node === pinned)('refuses to put another Node.js into the executable', () =>
    refuses([], {}, new RegExp(`${process.versions.node}.*${pinned}`)),
  );

  test.skipIf(helm === undefined)('replaces no directory with other files', () => {
    const other = mkdtempSync(join(tmpdir(), 'agent-injector-other-'));
    onTestFinished(() => rmSync(other, { recursive: true }));
    writeFileSync(join(other, 'mine.txt'), 'mine');
    expect(packaged(['--any-node', other])).toMatchObject({ code: 1, stdout: '' });
    expect(readdirSync(other)).toEqual(['mine.txt']);
  });
});

describe.skipIf(helm === undefined)('npm run package', () => {
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-release-'));
    made = packaged(['--any-node', dir]);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  /** Runs the executable where no Node.js can be found. */
  const runProgram = (...args: readonly string[]) => run(join(dir, program), args, { cwd: dir, env: { PATH: '' } });

  test('makes all of it, with checksums that are right', () => {
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1)).toSorted()).toEqual([
      'SHA256SUMS',
      'THIRD-PARTY-LICENSES.txt',
      program,
      `${bundle}.tar.gz`,
      `agent-injector-chart-${version}.tgz`,
      `agent-injector-npm-${version}.tgz`,
      'sbom.cdx.json',
    ]);
    const { code, stdout } = run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: dir });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(6);
  });

  test('the executable needs no Node.js, and does what the bundle does', () => {
    expect(runProgram('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
    writeFileSync(
      join(dir, 'pod.yaml'),
      '# mine\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - {name: web, image: web:1}\n',
    );
    const inject = ['inject', '-f', join(dir, 'pod.yaml'), '--set', 'server-address=jennifer.example.com'];
    const injected = runProgram(...inject);
    expect(injected.code).toBe(0);
    expect(injected.stdout).toContain('CORECLR_PROFILER');
    expect(injected.stdout).toBe(run(process.execPath, [join(root, 'dist/agent-injector.js'), ...inject]).stdout);
    expect(runProgram('inject')).toMatchObject({ code: 2 });
  });

  test('the npm package has the program and what it is made of', () => {
    const list = run('tar', ['-tzf', join(dir, `agent-injector-npm-${version}.tgz`)]).stdout.split('\n');
    for (const file of ['package.json', 'LICENSE', 'README.md', 'dist/agent-injector.js', 'dist/sbom.cdx.json'])
      expect(list).toContain(`package/${file}`);
    expect(list.filter((path) => /src|test/.test(path))).toEqual([]);
  });

  test('the chart has its README, and its version', () => {
    const shown = run(helm ?? '', ['show', 'readme', join(dir, `agent-injector-chart-${version}.tgz`)]).stdout;
    expect(shown).toContain(`# agent-injector ${version}`);
    expect(shown).toContain('`webhook.path`');
  });

  test('the bundle for machines without internet has the executable, the chart and the documents', () => {
    const list = run('tar', ['-tzf', join(dir, `${bundle}.tar.gz`)]).stdout.split('\n');
    const parts = [
      'agent-injector',
      'agent-injector.1',
      `agent-injector-chart-${version}.tgz`,
      'README.md',
      'docs/README.md',
      'LICENSE',
    ];
    for (const part of [
      ...parts,
      'deploy/install.yaml',
      'docs/agents/jennifer-dotnet.md',
      'THIRD-PARTY-LICENSES.txt',
      'START-HERE.md',
    ])
      expect(list).toContain(`${bundle}/${part}`);
  });

  test('every link in the documents of the bundle leads to a file that is in it', () => {
    const files = run('tar', ['-tzf', join(dir, `${bundle}.tar.gz`)])
      .stdout.trim()
      .split('\n');
    const pages = files.filter((path) => /\/(?:README[^/]*|docs\/.*)\.md$/.test(path));
    expect(pages.length).toBeGreaterThan(20);
    run('tar', ['-xzf', join(dir, `${bundle}.tar.gz`), '-C', dir]);
    const broken = pages.flatMap((page) =>
      [...readFileSync(join(dir, page), 'utf8').matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
        .filter(([, link = '']) => !existsSync(join(dir, dirname(page), link)))
        .map(([, link]) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test('the SBOM is CycloneDX, with what is in the program', () => {
    const sbom = JSON.parse(readFileSync(join(dir, 'sbom.cdx.json'), 'utf8')) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string; readonly version: string; readonly 'bom-ref': string }[];
      readonly dependencies: readonly { readonly ref: string }[];
    };
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(sbom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['fastify', 'yaml', 'node']));
    // What is in the file is what the file says: the bytes of Node.js name their version.
    const node = sbom.components.find(({ name }) => name === 'node');
    expect(node?.version).toBe(process.versions.node);
    expect(readFileSync(join(dir, program)).includes(`node-v${node?.version}`)).toBe(true);
    expect(sbom.dependencies.map(({ ref }) => ref)).toContain(node?.['bom-ref']);
  });

  test('the licences are those of the packages and of Node.js with what is in it', () => {
    const text = readFileSync(join(dir, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const part of ['fastify', 'Node.js', 'OpenSSL', 'ICU']) expect(text).toContain(part);
  });
});
