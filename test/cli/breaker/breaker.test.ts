import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { breakerOutput } from '../../../src/cli/breaker/breaker.ts';
import { outputText } from '../../../src/cli/program/output.ts';
import { breakerCase } from '../../support/observed.ts';
import { run } from '../../support/process.ts';

const all = [breakerCase(), breakerCase({ namespace: '', workload: '', shown: '' })];

it('has the breakers for programs, also those that it has closed', () => {
  for (const reset of [false, true]) {
    expect(JSON.parse(outputText(breakerOutput(all, { output: 'json', reset })))).toEqual(all);
    expect(parse(outputText(breakerOutput(all, { output: 'yaml', reset })))).toEqual(all);
  }
  expect(parse(outputText(breakerOutput([], { output: 'yaml' })))).toEqual([]);
});

it('says for people what is open, and what it has closed', () => {
  const [title, ...rows] = outputText(breakerOutput(all, { output: 'text' }))
    .trimEnd()
    .split('\n');
  expect(title).toMatch(/^NAMESPACE +WORKLOAD /);
  expect(rows).toHaveLength(2);
  const closed = outputText(breakerOutput(all, { output: 'text', reset: true }));
  expect(closed).toContain('closed: shop/Deployment/web');
  expect(closed).toContain('closed: profile acme-java');
});

it('refuses a format that it does not have', async () => {
  expect(await run(['breaker', '-o', 'wide'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Allowed choices are text, json, yaml.'),
  });
});
