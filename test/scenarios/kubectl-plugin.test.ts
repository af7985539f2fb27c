import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { executable } from '../support/built.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-plugin-'));
});
afterAll(() => rm(dir, { recursive: true }));

// kubectl runs an executable kubectl-<name> from the PATH, with "_" for each "-" of the name, and passes on the arguments after the name
// (kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins).
it('runs as a kubectl plugin, under the name that the package installs', async () => {
  const { bin } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  const name = `kubectl-${'agent-injector'.replaceAll('-', '_')}`;
  expect(Object.keys(bin)).toContain(name);
  expect(join(root, bin[name] ?? '')).toBe(executable);
  await symlink(executable, join(dir, name));
  const env = { PATH: `${dir}:${dirname(process.execPath)}`, HOME: dir };
  const { stdout } = await run(name, ['explain', '--help'], { env });
  expect(stdout).toContain('Usage: kubectl agent-injector explain');
  await expect(run(name, ['explain', 'deploy/web'], { env })).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no cluster found: use --kubeconfig FILE or set KUBECONFIG'),
  });
});
