import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMPLETE } from '../../../src/cli/program/names.ts';
import { createProgram } from '../../../src/cli/program/program.ts';
import { run } from '../../support/process.ts';

const commands = createProgram('/usr/bin/agent-injector')
  .commands.filter((command) => command.name() !== COMPLETE)
  .map((command) => [command.name(), command] as const);

/** Those of `rollout`, too. */
const withNested = commands.flatMap(([name, command]) => [
  [name, command] as const,
  ...command.commands.map((one) => [`${name} ${one.name()}`, one] as const),
]);

function commandNamed(name: string): Command {
  const found = commands.find(([one]) => one === name);
  if (!found) throw new Error(`no command ${name}`);
  return found[1];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('--help', () => {
  it.each(withNested)('of %s has sentences, and examples with flags that exist', (name, command) => {
    expect(command.summary()).toMatch(/^[A-Z].*[^.]$/);
    expect(command.description()).toMatch(/^[A-Z].*\.$/);
    for (const { flags, description } of command.options)
      expect(description, flags).toMatch(/^[A-Z].*\.( \(AGENT_INJECTOR_.*\))?$/);
    const examples = helpOf(command).split('\nExamples:\n')[1] ?? '';
    expect(examples).toContain(`\n  agent-injector ${name}`);
    const flags = new Set(command.options.flatMap(({ long, short }) => [long, short]));
    const used = [...examples.matchAll(/^ {2}agent-injector [^|\n]*/gm)].flatMap(
      ([line]) => line.match(/ -[-\w]+/g) ?? [],
    );
    expect(used.filter((flag) => !flags.has(flag.trim()))).toEqual([]);
  });

  it('is in one form: the command help has the same words everywhere', () => {
    const lines = [helpOf(createProgram('/usr/bin/agent-injector')), helpOf(commandNamed('rollout'))].map((text) =>
      /^ {2}help .*$/m.exec(text)?.[0].replaceAll(/ +/g, ' '),
    );
    expect(lines[0]).toContain('help [COMMAND]');
    expect(lines[1]).toBe(lines[0]);
  });

  it('shows a duration as it is given, with its unit', () => {
    const defaults = helpOf(commandNamed('verify')).match(/\(default:\s+"?\d+[^)]*\)/g) ?? [];
    expect(defaults).toHaveLength(1);
    expect(defaults[0]).toMatch(/\d[smhd]"?\)$/);
  });

  it('of serve shows the environment variable and the default of a flag', () => {
    const serve = commands.find(([name]) => name === 'serve')?.[1];
    const port = serve?.options.find(({ long }) => long === '--admin-port');
    expect(port?.description).toContain('(AGENT_INJECTOR_ADMIN_PORT, default 9090)');
  });

  it('lists the commands', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const [name] of commands) expect(stdout).toContain(`\n  ${name} `);
  });

  it('is printed without a command, with exit code 2', async () => {
    expect(await run([])).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: agent-injector') });
  });
});
