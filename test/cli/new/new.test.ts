import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lint } from '../../../src/cli/lint/lint.ts';
import { languages } from '../../../src/cli/program/names.ts';
import { newProfile } from '../../../src/cli/new/new.ts';
import { outputText } from '../../../src/cli/program/output.ts';
import { run } from '../../support/process.ts';

it.each(languages)('a new profile for %s passes lint, and so do its tests', async (language) => {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-new-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'new.yaml');
  writeFileSync(file, outputText(newProfile(language).output));
  const { output, exitCode } = await lint({ paths: [file], output: 'text', verbose: true });
  expect(outputText(output)).toMatch(/✓ a plain pod\n[\s\S]*1 profile, 4 tests: .*warnings?\n$/);
  expect(exitCode).toBe(0);
  // What is left of the template is found without --strict.
  for (const field of ['vendor', 'description']) expect(outputText(output)).toContain(`spec.${field}: is still `);
  const strict = outputText((await lint({ paths: [file], output: 'text', strict: true })).output)
    .trimEnd()
    .split('\n');
  expect(strict.slice(0, -1).filter((line) => !/is not pinned|is still/.test(line))).toEqual([]);
});

it('has the name that is given', async () => {
  const { stdout } = await run(['new', 'java', 'our-java']);
  expect(stdout).toContain('\n  name: our-java\n');
  expect(await run(['new', 'java', 'Our Java'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Our Java'),
  });
});
