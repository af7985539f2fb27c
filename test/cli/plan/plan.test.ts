import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileText } from '../../support/mounted-directory.ts';
import { run } from '../../support/process.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-plan-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** Runs `plan` without a cluster: a valid file fails there, and not before. */
const plan = async (text: string) => {
  const file = join(dir, 'profiles.yaml');
  await writeFile(file, text);
  const { code, stderr } = await run(['plan', '--profile-file', file, '--kubeconfig', join(dir, 'none')]);
  return {
    code,
    lines: stderr
      .trim()
      .split('\n')
      .map((line) => line.replace(`agent-injector: ${file}`, '')),
  };
};

describe('plan --profile-file', () => {
  it.each<[string, string, RegExp[]]>([
    ['a YAML error', `${profileText('a')}---\na: [1\nb: 2\n`, [/^:18:1: \S/]],
    [
      'a YAML error and an invalid profile',
      `a: b: c\n---\n${profileText('a', { vendor: 7 })}`,
      [/^:1:4: /, /^:8:11: a: spec\.vendor: /],
    ],
    [
      'a boolean in the form of YAML 1.1',
      profileText('a').replace('Example', 'yes'),
      [/^:6:11: a: spec\.vendor: .*"true"/],
    ],
    ['another object', 'apiVersion: v1\nkind: ConfigMap\n', [/^:2:7: /]],
    ['no document', '# nothing\n', [/^: /]],
  ])('reports %s with its place', async (_, text, expected) => {
    const { code, lines } = await plan(text);
    expect(lines).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
    expect(code).toBe(2);
  });

  it('reads scalars as the server does', async () => {
    const spec = {
      parameters: [{ name: 'mode', type: 'integer', minimum: 420, maximum: 420, default: 420, description: 'd' }],
    };
    const text = profileText('a', spec).replace('default: 420', 'default: 0644').replace('Example', 'e2');
    expect((await plan(text)).lines).toEqual([expect.stringContaining('kubeconfig')]);
  });
});
