import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { executable } from '../support/built.ts';
import { only, render, root } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';

// The page is a story: its blocks are run one after the other, in one directory, with the built command line. A block that is not run here
// fails the first test.

const page = readFileSync(join(root, 'docs/add-your-own-agent.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const CONTRIBUTE = 'Give it to everybody';
const contributed = blocks.findIndex(({ language }) => language === 'sh');

let dir: string;
let copy: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'agent-injector-own-')));
  const bin = join(dir, '.bin');
  mkdirSync(bin);
  symlinkSync(executable, join(bin, 'agent-injector'));
  env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, UPDATE_DOCS: '', LC_ALL: 'C' };
  // A working copy of the repository, for the last part.
  copy = join(dir, 'agent-injector');
  mkdirSync(copy);
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of tracked.split('\0').filter((name) => name !== '')) {
    cpSync(join(root, file), join(copy, file), { recursive: true, force: true, errorOnExist: false });
  }
  rmSync(join(copy, 'node_modules'), { recursive: true, force: true });
  symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs what a person would type; the two outputs as a terminal shows them, in the order in which they came. */
function shell(command: string, cwd: string): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync('bash', ['-c', `exec 2>&1\n${command}`], {
    cwd,
    env,
    encoding: 'utf8',
  });
  if (error) throw error;
  return { code: status, output: `${stdout}${stderr}` };
}

interface Step {
  readonly command: string;
  readonly output: string;
}

/** `$ command`, with `> ` before each further line of it, and what it prints. */
function stepsIn(text: string): readonly Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const lines = part.trimEnd().split('\n');
      const end = lines.findIndex((line, index) => index > 0 && !line.startsWith('> '));
      const [first = '', ...more] = end < 0 ? lines : lines.slice(0, end);
      const output = end < 0 ? [] : lines.slice(end);
      return {
        command: [first, ...more.map((line) => line.slice(2))].join('\n'),
        output: output.map((line) => `${line}\n`).join(''),
      };
    });
}

describe('docs/add-your-own-agent.md', () => {
  it('has blocks of the kinds that are run, and no others', () => {
    const kinds = blocks.map(({ language, text }) =>
      language === 'yaml' ? /^# \S+\.yaml\n/.test(text) && 'yaml' : language,
    );
    expect(new Set(kinds)).toEqual(new Set(['yaml', 'console', 'sh']));
    expect(page.indexOf('```sh')).toBeGreaterThan(page.indexOf(CONTRIBUTE));
  });

  it.each(blocks.map((block, index) => [index, block.text.split('\n')[0] ?? '', block] as const))(
    'block %i: %s',
    { timeout: 180_000 },
    (index, _, { language, text }) => {
      if (language === 'yaml') {
        const [, file = ''] = /^# (\S+)\n/.exec(text) ?? [];
        writeFileSync(join(dir, file), text);
        return;
      }
      const cwd = index >= contributed ? copy : dir;
      if (language === 'sh') {
        const { code, output } = shell(`set -e\n${text}`, cwd);
        expect(code, output).toBe(0);
        return;
      }
      const steps = stepsIn(text);
      expect(steps.length).toBeGreaterThan(0);
      for (const { command, output } of steps) {
        const found = shell(command, cwd);
        // What is too long for the page is only to go well.
        if (steps.length === 1 && output === '') expect(found, command).toMatchObject({ code: 0 });
        else expect(found.output, command).toBe(output);
      }
    },
  );

  it.skipIf(helm === undefined)('has values that the chart takes, mounts, and that work together', () => {
    const [, setFile = ''] = /`helm upgrade [^`]*--values values\.yaml --set-file ([^` ]+)`/.exec(page) ?? [];
    const [key = '', file = ''] = setFile.split('=');
    const args = ['--values', join(dir, 'values.yaml'), '--set-file', `${key}=${join(dir, file)}`];
    const objects = render('default', { args });
    expect(JSON.stringify(only(objects, 'Deployment'))).toContain('profiles');
    const installed = join(dir, 'installed');
    mkdirSync(installed);
    const documents = objects.flatMap(({ kind, data }) =>
      kind === 'ConfigMap'
        ? Object.entries(data as Record<string, string>).filter(([, text]) => text.includes('kind: AgentProfile'))
        : [],
    );
    for (const [name, text] of documents) writeFileSync(join(installed, name), text);
    expect(documents).toHaveLength(2);
    expect(shell('agent-injector lint installed && agent-injector profiles --profiles installed', dir)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^acme-java-here /m),
    });
  });

  it('has values with the texts of documents', () => {
    const values = parse(readFileSync(join(dir, 'values.yaml'), 'utf8')) as { profiles: Record<string, string> };
    expect(Object.values(values.profiles).map((text) => (parse(text) as { kind: string }).kind)).toEqual([
      'AgentProfile',
    ]);
  });
});
