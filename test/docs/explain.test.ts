import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/process.ts';
import { examplesOf, expectPrinted } from '../support/doc-examples.ts';

// Those on a cluster are run by test/e2e/explain.test.ts.
const examples = examplesOf('explain.md');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-explain-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('docs/explain.md', () => {
  it('has three examples', () => {
    expect(examples.map(({ kind }) => kind)).toEqual(['cluster', 'file', 'file']);
  });

  it.each(examples.filter(({ kind }) => kind === 'file'))('$title', async (example) => {
    for (const { name, text } of example.files) await writeFile(join(dir, name), text);
    const { code, stdout, stderr } = await run(example.args, { cwd: dir });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectPrinted(stdout, example);
  });
});
