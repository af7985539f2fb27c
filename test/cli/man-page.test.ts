import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { manPage } from '../../src/cli/man-page.ts';
import { createProgram } from '../../src/cli/program/program.ts';
import { run } from '../support/process.ts';

const page = manPage(createProgram(), '1.2.3');

/** As a terminal shows it, and what groff complains about. */
function shown(): { readonly text: string; readonly stderr: string } | undefined {
  const { error, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-c', '-rLL=100n'], {
    input: page,
    encoding: 'utf8',
  });
  // oxlint-disable-next-line no-control-regex -- groff overstrikes bold letters
  return error ? undefined : { text: stdout.replaceAll(/.\u0008/g, ''), stderr };
}

it('the manual page has every command and every flag', () => {
  const program = createProgram();
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((one) => one.name() !== 'help');
  expect(commands.length).toBeGreaterThan(15);
  for (const command of commands) {
    expect(page).toMatch(new RegExp(`^\\.SS "${command.name()}\\b`, 'm'));
    for (const { flags } of command.options) expect(page).toContain(`.B ${flags.replaceAll('-', '\\-')}\n`);
  }
  expect(page).toContain('.SS "rollout run"');
});

it('groff, where it is installed, has nothing to complain about', ({ skip }) => {
  const result = shown();
  if (!result) return skip('groff is not installed');
  expect(result.stderr).toBe('');
  expect(result.text).toContain('EXIT STATUS');
  expect(result.text).toMatch(/^ +explain \[TARGET\.\.\.\]$/m);
  expect(result.text).toMatch(/^ +-A, --all-namespaces$/m);
});

it('agent-injector man prints it', async () => {
  const { code, stdout } = await run(['man']);
  expect({ code, start: stdout.slice(0, 4) }).toEqual({ code: 0, start: '.TH ' });
});
