import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complete } from '../../../src/cli/completion/candidates.ts';
import { scripts } from '../../../src/cli/completion/scripts.ts';
import { shells } from '../../../src/cli/program/names.ts';
import { createProgram } from '../../../src/cli/program/program.ts';
import { executable } from '../../support/built.ts';
import { kubeconfig } from '../../support/faulty-api.ts';
import { run } from '../../support/process.ts';

const program = createProgram('/usr/bin/agent-injector');
const words = (...line: readonly string[]): readonly string[] => {
  const completion = complete(program, line);
  return completion.kind === 'words' ? completion.candidates.map(({ word }) => word) : [`:${completion.kind}`];
};

describe('the candidates', () => {
  it.each<[line: readonly string[], candidates: readonly string[]]>([
    [['expl'], ['explain']],
    [['status', '--out'], ['--output']],
    [
      ['status', '-o', ''],
      ['table', 'wide', 'json', 'yaml'],
    ],
    [['status', '--output=j'], ['--output=json']],
    [['status', '--output', '=', 'j'], ['json']],
    [['explain', '-f', ''], [':files']],
    [['explain', '--profiles', ''], [':directories']],
    [['explain', '-n', ''], [':namespaces']],
    [['explain', '--context', ''], [':contexts']],
    [['explain', 'dep'], [':workloads']],
    [['explain', '-n', 'shop', 'dep'], [':workloads']],
    [['reasons', ''], [':reasons']],
    [['profiles', ''], [':profiles']],
    [['completion', ''], [...shells]],
    [['help', 'uni'], ['uninject']],
    [['breaker', 'dep'], [':workloads']],
    [
      ['rollout', ''],
      ['plan', 'run', 'help'],
    ],
    [['rollout', 'run', '--at'], ['--at-a-time']],
    [
      ['rollout', 'plan', '--mode', ''],
      ['restart', 'evict'],
    ],
    [['rollout', 'run', '-n', ''], [':namespaces']],
    [['rollout', 'nothing', ''], []],
    [['nothing', ''], []],
  ])('after %j', (line, candidates) => {
    expect(words(...line)).toEqual(candidates);
  });

  it('know every command and flag that the help shows, and no hidden one', () => {
    expect(words('')).toEqual(expect.arrayContaining(['serve', 'explain', 'check', 'help']));
    expect(words('').filter((word) => word.startsWith('_'))).toEqual([]);
    for (const command of program.commands.filter((one) => !one.name().startsWith('_')))
      expect(words(command.name(), '--'), command.name()).toEqual(
        expect.arrayContaining(command.options.map(({ long }) => long)),
      );
  });
});

describe('in a shell', () => {
  let dir: string;
  let path: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-completion-'));
    symlinkSync(executable, join(dir, 'agent-injector'));
    writeFileSync(join(dir, 'deploy.yaml'), '');
    writeFileSync(
      join(dir, 'kubeconfig'),
      kubeconfig('https://127.0.0.1:1', { 'insecure-skip-tls-verify': true }, { token: 't' }),
    );
    path = `${dir}:${process.env['PATH'] ?? ''}`;
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  /** What bash would offer after the words. */
  const inBash = (...line: readonly string[]): readonly string[] => {
    const all = ['agent-injector', ...line];
    const script = [
      'source <(agent-injector completion bash)',
      `COMP_WORDS=(${all.map((word) => `'${word}'`).join(' ')})`,
      `COMP_CWORD=${all.length - 1}`,
      '_agent_injector',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const env = { ...process.env, PATH: path, KUBECONFIG: join(dir, 'kubeconfig') };
    const output = execFileSync('bash', ['--norc', '-c', script], { cwd: dir, encoding: 'utf8', env });
    return output.split('\n').filter((word) => word !== '');
  };

  it('bash completes commands, flags, values, files and contexts', () => {
    expect(inBash('unin')).toEqual(['uninject']);
    expect(inBash('audit', '--sup')).toEqual(['--suppress']);
    expect(inBash('audit', '-o', '')).toEqual(['text', 'table', 'wide', 'json', 'yaml']);
    expect(inBash('inject', '-f', 'dep')).toEqual(['deploy.yaml']);
    expect(inBash('reasons', 'claim-un')).toEqual(['claim-unusable']);
    expect(inBash('explain', 'statef')).toEqual(['statefulsets/']);
    expect(inBash('explain', '--context', '').length).toBeGreaterThan(0);
  });

  it('of a cluster that does not answer, nothing is offered, and nothing is said', async () => {
    const ended = await run(['__complete', '--', 'explain', '-n', ''], {
      env: { KUBECONFIG: join(dir, 'kubeconfig') },
    });
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it.each(shells)('%s reads its script', (shell) => {
    const script = join(dir, `completion.${shell}`);
    writeFileSync(script, scripts[shell]);
    const { error, status, stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
    // Not every machine has every shell.
    if (error && 'code' in error && error.code === 'ENOENT') return;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
