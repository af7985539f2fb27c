import { describe, expect, it } from 'vitest';
import { reasons } from '../../src/cli/reasons.ts';
import { outputText } from '../../src/cli/program/output.ts';
import { reasonTable } from '../../src/reasons/reason-table.ts';
import { run } from '../support/process.ts';

describe('agent-injector reasons', () => {
  it('explains each code', () => {
    for (const [code, { meaning, hint }] of Object.entries(reasonTable)) {
      const text = outputText(reasons({ code, output: 'table' }).output);
      expect(text).toContain(`${code} (`);
      expect(text).toContain(meaning);
      expect(text).toContain(hint);
    }
  });

  it('lists all', () => {
    const lines = outputText(reasons({ code: undefined, output: 'table' }).output)
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(Object.keys(reasonTable).length + 1);
    // No sentence is cut in the middle.
    for (const line of lines)
      expect(line.match(/`/g) ?? []).toHaveLength(2 * Math.floor((line.match(/`/g) ?? []).length / 2));
  });

  it('suggests the code that was meant', async () => {
    expect(await run(['reasons', 'claim-unusabel'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "claim-unusable"'),
    });
  });
});

describe('agent-injector version', () => {
  it('of the program needs no cluster', async () => {
    const { code, stdout } = await run(['version', '--client', '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ client: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it('of a cluster that cannot be read is not known', async () => {
    expect(await run(['version', '--kubeconfig', '/nonexistent/config'])).toMatchObject({ code: 3 });
  });
});
