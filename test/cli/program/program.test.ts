import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMPLETE } from '../../../src/cli/program/names.ts';
import { createProgram } from '../../../src/cli/program/program.ts';
import { run } from '../../support/process.ts';

const commands = createProgram('/usr/bin/agent-injector')
  .commands.filter((command) => command.name() !== COMPLETE)
  .map((command) => [command.name(), command] as const);

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('--help', () => {
  it.each(commands)('of %s has sentences, and examples with flags that exist', (name, command) => {
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
