import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Profile } from '../../src/profiles/profile.ts';
import { exportPolicies } from '../../src/policies/export.ts';
import { catalogue } from '../support/fixtures.ts';
import { code, table } from '../support/markdown.ts';

// The table of docs/without-a-webhook.md: UPDATE_DOCS=1 npx vitest run test/docs/policies

const file = join(import.meta.dirname, '../../docs/without-a-webhook.md');

function row(profile: Profile): readonly string[] {
  const results = profile.deliveries.map(({ name }) => {
    const exported = exportPolicies(profile, { delivery: name, parameters: new Map(), api: 'v1', catalogue });
    return { name, problems: exported.ok ? [] : exported.error.map(({ what }) => what) };
  });
  const exported = results.filter(({ problems }) => problems.length === 0).map(({ name }) => code(name));
  const refused = results.filter(({ problems }) => problems.length > 0);
  const common = refused[0]?.problems.filter((one) => refused.every(({ problems }) => problems.includes(one))) ?? [];
  const why =
    exported.length > 0
      ? refused.map(({ name }) => `${code(name)}: an init container`)
      : [...new Set(common.map((one) => one.replace(/, whose.*/, '')))];
  return [code(profile.name), exported.join(', '), why.join('; ')];
}

it('the page says which profiles and deliveries can be exported, and what cannot be said', () => {
  const rows = [...catalogue.profiles.values()].map(row);
  const text = `<!-- table: policies -->\n${table(['profile', 'exported with', 'refused'], rows)}\n<!-- end -->`;
  const before = readFileSync(file, 'utf8');
  const after = before.replace(/<!-- table: policies -->[\s\S]*?<!-- end -->/, () => text);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, after);
  expect(readFileSync(file, 'utf8')).toBe(after);
  expect(after).toContain('`jennifer-dotnet` | `persistentVolumeClaim`');
});
