import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareVersions, findingsIn, judge, readInputs, registryFindings, type Waiver } from '../../tools/audit.js';
import { root } from '../support/chart.ts';

// The gate of CI (`npm run audit`). Here nothing depends on the day: the snapshot and the waivers are judged as of the day of the snapshot.

const inputs = readInputs();
const away = registryFindings('');
const asOf = (today: string, changes: Partial<Parameters<typeof judge>[0]> = {}) =>
  judge({ ...inputs, registry: away, today, ...changes });

describe('what is locked', () => {
  it('has no known vulnerability, in no lock file and not in the image', () => {
    expect(findingsIn(inputs.snapshot, inputs.packages, inputs.node)).toEqual([]);
    expect(inputs.packages.length).toBeGreaterThan(300);
    const fastify = inputs.snapshot.packages['fastify'] ?? [];
    expect(fastify.length).toBeGreaterThan(5);
  });

  it('is compared with advisories that have a source and a range of versions each', () => {
    const all = [...Object.values(inputs.snapshot.packages).flat(), ...inputs.snapshot.node];
    for (const { id, affected, source } of all) {
      expect(source, id).toMatch(/^https:\/\/github\.com\/.+\/(issues|pull)\/\d+$/);
      expect(affected.length, id).toBeGreaterThan(0);
      for (const { introduced, fixed } of affected) {
        expect(introduced, id).toMatch(/^\d+\.\d+\.\d+/);
        if (fixed !== undefined) expect(compareVersions(introduced, fixed), id).toBeLessThan(0);
      }
    }
    const locked = new Set(inputs.packages.map(({ name }) => name));
    expect(Object.keys(inputs.snapshot.packages).filter((name) => !locked.has(name))).toEqual([]);
  });

  it.each([
    ['fastify', '5.12.1', 'fastify-5.12.2'],
    ['jsonpath-plus', '10.4.0', 'jsonpath-plus-266'],
    ['fast-uri', '4.1.3', 'CVE-2026-84292'],
    ['ajv', '8.17.1', 'CVE-2025-69873'],
  ])('would be found: %s %s', (name, version, id) => {
    const found = findingsIn(inputs.snapshot, [{ name, version, where: 'in the bundle' }], inputs.node);
    expect(found.flatMap(({ ids }) => ids)).toContain(id);
  });

  it.each(['20.20.1', '20.20.2', '22.22.2', '24.14.0', '24.18.0'])('would be found: Node.js %s', (version) => {
    expect(findingsIn(inputs.snapshot, [], version)).not.toEqual([]);
  });

  it('runs on versions of Node.js without a known vulnerability, but for 20, which gets no fixes any more', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
    const lowest = engines.node.split(' || ').map((range) => range.replace(/^(\^|>=)/, ''));
    expect(lowest.map((version) => version.split('.')[0])).toEqual(['20', '22', '24']);
    const of = (version: string) => findingsIn(inputs.snapshot, [], version).flatMap(({ ids }) => ids);
    expect(of(lowest[0] ?? '')).not.toContain('CVE-2026-21717');
    expect(lowest.slice(1).flatMap(of)).toEqual([]);
  });
});

describe('the versions of Node.js', () => {
  it('are the same in .node-version, the Dockerfile and CI', () => {
    const read = (file: string): string => readFileSync(join(root, file), 'utf8');
    expect(read('Dockerfile')).toContain(`NODE_IMAGE=node:${inputs.node}-bookworm-slim\n`);
    expect(read('.ci/run')).toContain(`"$cache/node24" ${inputs.node}\n`);
  });
});

it.each([
  ['1.2.3', '1.2.3', 0],
  ['1.2.3', '1.10.0', -1],
  ['2.0.0', '10.0.0', -1],
  ['2.0.0-beta.2', '2.0.0', -1],
  ['2.0.0', '2.0.0-beta.2', 1],
  ['2.0.0-alpha', '2.0.0-beta', -1],
])('compares %s with %s', (one, other, sign) => expect(Math.sign(compareVersions(one, other))).toBe(sign));

describe('the audit', () => {
  const vulnerable = { name: 'fastify', version: '5.12.1', where: 'in the bundle' };
  const waiver: Waiver = { id: 'fastify-5.12.2', package: 'fastify', reason: 'A test.', expires: '2027-01-31' };

  it('passes as it is, and says in one line what was compared', () => {
    const { code, text } = asOf(inputs.snapshot.taken);
    expect(code).toBe(0);
    expect(text.split('\n')[0]).toMatch(
      /^audit: \d+ packages .* Node\.js \S+ against \d+ advisories of \S+ \(0 days old\): 0 found/,
    );
    expect(text).not.toContain('warning');
  });

  it('never fails by the age of the snapshot alone, and says it', () => {
    const { code, text } = asOf('2036-01-01');
    expect(code).toBe(0);
    expect(text).toContain('warning');
  });

  it.each<[string, Partial<Parameters<typeof judge>[0]>, string]>([
    ['a finding', { packages: [vulnerable] }, 'fastify 5.12.1 (in the bundle): fastify-5.12.2'],
    ['an old Node.js', { node: '24.18.0' }, 'node 24.18.0 (in the image): July 2026'],
    ['a waiver without a finding', { waivers: [waiver] }, 'has no finding'],
    [
      'a waiver of another package',
      { packages: [vulnerable], waivers: [{ ...waiver, package: 'ws' }] },
      'has no finding',
    ],
    ['an expired waiver', { packages: [vulnerable], waivers: [{ ...waiver, expires: '2026-11-29' }] }, 'expired'],
    ['a waiver without a reason', { packages: [vulnerable], waivers: [{ ...waiver, reason: '' }] }, 'needs'],
    ['a waiver without a day', { packages: [vulnerable], waivers: [{ ...waiver, expires: 'never' }] }, 'needs'],
  ])('fails on %s', (_, changes, says) => {
    const { code, text } = asOf(inputs.snapshot.taken, changes);
    expect(text).toContain(says);
    expect(code).toBe(1);
  });

  it('passes on a finding with a waiver, until the day after it', () => {
    const changes = { packages: [vulnerable], waivers: [waiver] };
    expect(asOf('2027-01-31', changes)).toMatchObject({ code: 0, text: expect.stringContaining('  waived fastify') });
    expect(asOf('2027-02-01', changes).code).toBe(1);
  });
});

describe('the registry', () => {
  const report = (high: number, moderate: number): string =>
    JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities: {
        ...(high > 0 && {
          bad: {
            name: 'bad',
            severity: 'high',
            range: '<2',
            via: [{ title: 'a hole', url: 'https://github.com/advisories/GHSA-1' }],
          },
        }),
        ...(moderate > 0 && { poor: { name: 'poor', severity: 'moderate', range: '<3', via: ['bad'] } }),
      },
    });

  it.each([
    ['nothing is known', report(0, 0), 0, 'registry: 0 known'],
    ['moderate: shown', report(0, 1), 0, 'poor <3 (moderate)'],
    ['high: fails', report(1, 1), 1, 'bad <2 (high): GHSA-1: a hole'],
    [
      'a registry that refuses',
      JSON.stringify({ message: '405', statusCode: 405 }),
      0,
      'not asked, it does not answer audits (405)',
    ],
    ['a registry that is away', JSON.stringify({ error: { code: 'ENOTFOUND' } }), 0, 'audits (ENOTFOUND)'],
    ['no answer at all', '', 0, 'audits (no report)'],
  ])('%s', (_, output, code, says) => {
    const result = asOf(inputs.snapshot.taken, { registry: registryFindings(output) });
    expect(result.text).toContain(says);
    expect(result.code).toBe(code);
  });

  it('has findings that can be waived', () => {
    const waivers = [{ id: 'GHSA-1', package: 'bad', reason: 'A test.', expires: '2027-01-01' }];
    expect(asOf(inputs.snapshot.taken, { registry: registryFindings(report(1, 0)), waivers }).code).toBe(0);
  });
});
