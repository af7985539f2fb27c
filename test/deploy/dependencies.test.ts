import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/chart.ts';

// What we take from others: pinned to the byte, nothing that runs while it is installed, licences that a vendor can ship.

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}
interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- whoever reads it knows its shape
const json = <T>(file: string): T => JSON.parse(readFileSync(join(root, file), 'utf8')) as T;
const lock = json<{ readonly lockfileVersion: number; readonly packages: Readonly<Record<string, Locked>> }>(
  'package-lock.json',
);
const packages = Object.entries(lock.packages).filter(([place]) => place !== '');
const production = packages.filter(([, { dev }]) => dev !== true);
const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** What a vendor may ship in a product of his own, with its text beside it. */
const LICENCES = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Python-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
  // A choice: BSD is taken.
  '(BSD-3-Clause OR GPL-2.0)',
]);

/** Two versions at once are two things to watch: each has its reason. */
const TWICE: Readonly<Record<string, string>> = {
  '@types/node': 'types only, of @kubernetes/client-node; nothing of them runs',
  'undici-types': 'types only, likewise',
  'fast-uri': 'fastify takes 4, its ajv 3',
  'process-warning': 'fastify takes 6, light-my-request 4',
};

describe('package-lock.json', () => {
  it('has the hash of every package, and says of none where it is fetched from', () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/https?:\/\/registry/);
  });

  it('has every direct dependency in one exact version', () => {
    const { dependencies, devDependencies } = json<Manifest>('package.json');
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  it('has no production package that runs something when it is installed, and .npmrc would not let it', () => {
    expect(production.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
    expect(readFileSync(join(root, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true');
    const hooks = ['preinstall', 'install', 'postinstall'];
    for (const [place] of production) {
      if (!existsSync(join(root, place))) continue;
      const { scripts = {} } = json<Manifest>(join(place, 'package.json'));
      expect(
        hooks.filter((hook) => scripts[hook] !== undefined),
        place,
      ).toEqual([]);
    }
  });

  it('has production packages under licences that can be shipped, and no other', () => {
    expect(production.filter(([, { license }]) => !LICENCES.has(license ?? '')).map(([place]) => place)).toEqual([]);
  });

  it('has each production package in one version, but for those whose reason is written down', () => {
    const names = production.map(([place]) => nameOf(place));
    const twice = names.filter((name, index) => names.indexOf(name) < index);
    expect([...new Set(twice)].toSorted()).toEqual(Object.keys(TWICE).toSorted());
  });
});
