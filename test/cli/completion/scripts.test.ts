import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executable } from '../../support/built.ts';

// The shells themselves, on a terminal where they want one. Debian's packages zsh and fish; every Linux has bash, and script of util-linux.

const isThere = (command: string): boolean => spawnSync('which', [command]).status === 0;

/** What a person types before the Tab key, and the line after it. */
const lines: readonly (readonly [typed: string, completed: string])[] = [
  ['agent-injector unin', 'agent-injector uninject '],
  ['agent-injector audit --sup', 'agent-injector audit --suppress '],
  ['agent-injector explain -o js', 'agent-injector explain -o json '],
  ['agent-injector explain --output=js', 'agent-injector explain --output=json '],
  ['agent-injector inject -f manifests/dep', 'agent-injector inject -f manifests/deploy.yaml '],
  ['agent-injector inject --file=manifests/dep', 'agent-injector inject --file=manifests/deploy.yaml '],
  ['agent-injector explain --profiles=mani', 'agent-injector explain --profiles=manifests/'],
  ['agent-injector reasons claim-un', 'agent-injector reasons claim-unusable '],
  ['agent-injector rollout ru', 'agent-injector rollout run '],
  // The name follows at once.
  ['agent-injector explain statefuls', 'agent-injector explain statefulsets/'],
];

let directory: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'agent-injector-shells-'));
  mkdirSync(join(directory, 'manifests'));
  writeFileSync(join(directory, 'manifests/deploy.yaml'), '');
  mkdirSync(join(directory, 'bin'));
  symlinkSync(executable, join(directory, 'bin/agent-injector'));
  const { PATH = '' } = process.env;
  env = { PATH: `${join(directory, 'bin')}:${PATH}`, HOME: directory, TERM: 'dumb', LANG: 'C.UTF-8' };
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Types each line and Tab into an interactive shell, and resolves with the lines that it then has. */
async function typed(shell: string, setUp: string): Promise<readonly string[]> {
  const child = spawn('script', ['-qfec', shell, '/dev/null'], {
    cwd: directory,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  const results: string[] = [];
  child.stdin.write(
    `stty cols 300; ${setUp}; source <(agent-injector completion ${shell.split(' ')[0]})\necho "<<"READY">>"\n`,
  );
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject).once('close', () => reject(new Error(output)));
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      const shown = [...output.matchAll(/<<(READY|agent-injector [^\n]*?)>>/g)].map(([, line = '']) => line);
      if (shown.length <= results.length) return;
      results.splice(0, Infinity, ...shown);
      const next = lines[shown.length - 1];
      if (next) child.stdin.write(`${next[0]}\t\u0018q`);
      else resolve();
    });
  });
  child.removeAllListeners('close').stdin.end('\u0015exit\n');
  return results.slice(1);
}

const completed = lines.map(([, line]) => line);

describe('Tab', () => {
  it('in bash', async ({ skip }) => {
    skip(!isThere('script'), 'script (util-linux) is not installed');
    const setUp = `show() { printf '<<%s>>\\n' "$READLINE_LINE"; READLINE_LINE=; }; bind -x '"\\C-xq": show'`;
    expect(await typed('bash --norc --noprofile -i', setUp)).toEqual(completed);
  });

  it('in zsh', async ({ skip }) => {
    skip(!isThere('script') || !isThere('zsh'), 'zsh is not installed');
    const setUp = `show() { print -r -- "<<$BUFFER>>"; BUFFER=; }; zle -N show; autoload -Uz compinit && compinit -u -D; bindkey '^Xq' show`;
    expect(await typed('zsh -f -i', setUp)).toEqual(completed);
  });

  it('in fish', ({ skip }) => {
    skip(!isThere('fish'), 'fish is not installed');
    const offered = (line: string): string => {
      const script = `agent-injector completion fish | source; complete -C '${line}'`;
      return execFileSync('fish', ['--no-config', '-c', script], { cwd: directory, env, encoding: 'utf8' });
    };
    for (const [line, after] of lines) {
      const words = offered(line)
        .split('\n')
        .map((one) => one.split('\t')[0]);
      expect(
        words.filter((word) => word !== ''),
        line,
      ).toEqual([after.trim().split(' ').at(-1)]);
    }
  });
});
