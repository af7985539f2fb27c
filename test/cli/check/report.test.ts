import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLines, checkSummary } from '../../../src/cli/check/report.ts';
import { type Check, checkDocs, inGroup } from '../../../src/diagnostics/checks/check.ts';
import { root } from '../../support/chart.ts';

const ok = (name: string): Check => ({ name, result: 'ok', message: 'fine' });

describe('the report of check', () => {
  it('has groups, a line for a family that holds, a hint and an address where a check fails, and a last line', () => {
    const checks = [
      ...inGroup('cluster', [
        ok('version'),
        ok('delivery image'),
        ok('delivery preinstalled'),
        { name: 'permission to list pods', result: 'note', message: 'not granted' },
        ok('permission to list namespaces'),
      ]),
      ...inGroup('server', [{ name: 'replicas', result: 'problem', message: '0 of 2', hint: '$ kubectl get pods' }]),
    ];
    expect(checkSummary(checks)).toEqual({ ready: false, problems: 1, notes: 1, unknown: 0 });
    expect(checkLines(checks)).toEqual([
      'cluster',
      '  ✓ version: fine',
      expect.stringMatching(/^ {2}✓ deliveries: all 2 /),
      '  ! permission to list pods: not granted',
      expect.stringMatching(/^ {2}✓ permissions: 1 of 2 /),
      '',
      'server',
      '  ✗ replicas: 0 of 2',
      '      $ kubectl get pods',
      '      see docs/operations.md#no-replica-is-ready',
      '',
      'Status: not ready (1 problem, 1 note)',
    ]);
  });

  it('is short where all is well', () => {
    const unknown = { name: 'installed', result: 'unknown', message: 'm' } as const;
    expect(checkLines(inGroup('server', [unknown])).at(-1)).toBe('Status: unknown');
    expect(checkLines(inGroup('cluster', [ok('version')])).at(-1)).toBe('Status: ready');
  });
});

it.each(checkDocs)('the address %s is in the documentation', (address) => {
  const [path = '', anchor = ''] = address.split('#');
  const file = join(root, path);
  expect(existsSync(file)).toBe(true);
  const anchors = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  expect(anchors).toContain(anchor);
});
