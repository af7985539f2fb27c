import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { checkEntries } from '../../../src/cli/check/entries.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { objectsIn } from '../../../src/lib/json.ts';
import { root } from '../../support/chart.ts';

const installed = parseAllDocuments(readFileSync(join(root, 'deploy/install.yaml'), 'utf8'))
  .map((document): JsonObject => document.toJS())
  .filter(({ kind }) => kind === 'MutatingWebhookConfiguration');

it('check has nothing to say of the entries as they are installed', () => {
  expect(installed).toHaveLength(1);
  expect(installed.flatMap(checkEntries)).toEqual([]);
});

it('check names a field of an entry that was changed by hand', () => {
  const changed = installed.map((one) => ({
    ...one,
    webhooks: objectsIn(one, 'webhooks').map((entry) =>
      entry['name'] === 'enabled.agent-injector.io' ? { ...entry, failurePolicy: 'Fail' } : entry,
    ),
  }));
  const [check, ...others] = changed.flatMap(checkEntries);
  expect(others).toEqual([]);
  expect(check).toMatchObject({ result: 'note', message: expect.stringMatching(/^enabled\..*failurePolicy.*Ignore$/) });
});
