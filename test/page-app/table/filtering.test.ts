import { expect, it } from 'vitest';
import { filterWorkloads } from '../../../src/page-app/table/filtering.ts';
import { workloadRow } from '../../support/workload-row.ts';

const web = workloadRow();
const mail = workloadRow({ namespace: 'post', workload: 'StatefulSet/mail', states: { crashing: 1 }, outdated: 1 });
const late = workloadRow({ workload: 'Job/late', missing: 1, whyNot: [{ code: 'not-asked', pods: 1, from: 'now' }] });
const all = [web, mail, late];

it.each([
  ['', all],
  ['   ', all],
  ['SHOP', [web, late]],
  ['shop/deployment/web', [web]],
  ['acme outdated', [mail]],
  ['crashing', [mail]],
  ['not-asked', [late]],
  ['missing', [late]],
  ['-crashing -missing', [web]],
  ['-', [web, mail, late].filter(({ profiles }) => profiles.length > 0)],
  ['nothing like it', []],
])('the filter %j', (filter, found) => {
  expect(filterWorkloads(all, filter)).toEqual(found);
});

it('takes no time worth mentioning for 10,000 workloads', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => workloadRow({ workload: `Deployment/web-${index}` }));
  expect(filterWorkloads(many, 'web-9999')).toHaveLength(1);
  expect(filterWorkloads(many, '-web-9')).toHaveLength(8889);
});
