import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { executable } from '../support/built.ts';
import { root } from '../support/chart.ts';
import { pageMetafile } from '../../tools/page-files.js';
import { sourceTime, supplierOf } from '../../tools/sbom.js';

// dist/sbom.cdx.json and dist/THIRD-PARTY-LICENSES.txt are made of what esbuild says went into the bundle; here of what the source map says.

const dist = dirname(executable);
const read = (file: string): string => readFileSync(join(dist, file), 'utf8');

interface Component {
  readonly supplier: { readonly name: string };
  readonly type: string;
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
}
const sbom = JSON.parse(read('sbom.cdx.json')) as Record<string, unknown> & {
  readonly metadata: {
    readonly timestamp: string;
    readonly authors: readonly { readonly name: string }[];
    readonly component: Component;
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
};
const runtime = sbom.components.find(({ type }) => type === 'platform');
const libraries = sbom.components.filter((one) => one !== runtime);
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { version: string; integrity: string; license: string; dev?: true }>>;
};

/** The page's application is in the bundle as compressed files, which have no source map: what the compiler read counts, if something of it is left. */
const { outputs } = await pageMetafile();
const ofPage = Object.values(outputs).flatMap(({ inputs }) =>
  Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])),
);

/** The places in package-lock.json of the packages that the bundle was made of, by its source map. */
const { sources } = JSON.parse(read('agent-injector.js.map')) as { readonly sources: readonly string[] };
const mapped: readonly string[] = [
  ...new Set(
    [...sources, ...ofPage].flatMap((source) => {
      const [folder] = /^.*(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(source) ?? [];
      return folder === undefined ? [] : [folder.slice(folder.indexOf('node_modules/'))];
    }),
  ),
].toSorted();
const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
const versioned = mapped.map((place) => `${nameOf(place)} ${lock.packages[place]?.version}`).toSorted();
const fullName = ({ group, name }: Component): string => (group === undefined ? name : `${group}/${name}`);

describe('the SBOM', () => {
  it('lists what is in the bundle, no more and no less', () => {
    expect(mapped.length).toBeGreaterThan(20);
    expect(libraries.map((one) => `${fullName(one)} ${one.version}`).toSorted()).toEqual(versioned);
  });

  it('has nothing of the logins that are left out: they would bring an evaluator of expressions and an OAuth client', () => {
    const names = new Set(sbom.components.map(fullName));
    const leftOut = ['jsonpath-plus', 'jsep', 'openid-client', 'oauth4webapi', 'jose', 'rfc4648', 'node-fetch'];
    expect(leftOut.filter((name) => names.has(name))).toEqual([]);
    expect(read('agent-injector.js')).not.toMatch(/cmd-path|idp-issuer-url|refresh-token/);
  });

  it('has of each package what the lock says: version, licence and hash', () => {
    for (const place of mapped) {
      const locked = lock.packages[place];
      const purl = `pkg:npm/${nameOf(place).replace('@', '%40')}@${locked?.version}`;
      const component = sbom.components.find((one) => one.purl === purl);
      expect(locked?.dev, place).toBeUndefined();
      expect(
        component?.licenses.map(({ license, expression }) => license?.id ?? expression),
        place,
      ).toEqual([locked?.license]);
      const [hash] = component?.hashes ?? [];
      expect(hash?.alg).toBe('SHA-512');
      expect(`sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`).toBe(locked?.integrity);
    }
  });

  it('has what CycloneDX 1.6 asks for, and names the bundle by its hash', () => {
    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
    });
    const { component } = sbom.metadata;
    expect(component).toMatchObject({ type: 'application', name: 'agent-injector' });
    const content = createHash('sha256').update(readFileSync(executable)).digest('hex');
    expect(component.hashes).toEqual([{ alg: 'SHA-256', content }]);
    for (const one of libraries) expect(one).toMatchObject({ type: 'library', 'bom-ref': one.purl });
  });

  it('says who calls whom: every package is reached from ours', () => {
    const calls = new Map(sbom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    expect(calls.size).toBe(sbom.components.length + 1);
    const reached = new Set([sbom.metadata.component['bom-ref']]);
    for (const ref of reached) for (const next of calls.get(ref) ?? []) reached.add(next);
    expect([...calls.keys()].filter((ref) => !reached.has(ref))).toEqual([]);
  });

  it('has the minimum elements of NTIA: supplier, name, version, identifier, relationship, author and time', () => {
    for (const one of [sbom.metadata.component, ...sbom.components]) {
      expect(one.supplier.name, one.name).toMatch(/^\S.*[^\s<>()]$/);
      expect(one.version, one.name).toMatch(/^\d+\.\d+\.\d+/);
      expect(one.purl, one.name).toMatch(/^pkg:(npm|generic)\/.+@/);
      expect(sbom.dependencies.map(({ ref }) => ref)).toContain(one['bom-ref']);
    }
    expect(sbom.metadata.authors.map(({ name }) => name)).toEqual([expect.stringMatching(/\S/)]);
    expect(sbom.metadata.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('has the Node.js of the image, with the names by which scanners know it', () => {
    const version = readFileSync(join(root, '.node-version'), 'utf8').trim();
    expect(runtime).toMatchObject({
      name: 'node',
      version,
      purl: `pkg:generic/node@${version}`,
      cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    });
  });

  it('has nothing of the moment or of the machine: its time is that of the commit', () => {
    const text = read('sbom.cdx.json');
    expect(text.match(/\d{4}-\d\d-\d\dT[^"]*/g)).toEqual([sourceTime()]);
    expect(sourceTime({ SOURCE_DATE_EPOCH: '1700000000' })).toBe('2023-11-14T22:13:20Z');
    expect(text).not.toContain(root);
  });

  it.each([
    ['its author', { author: { name: 'A B' } }, 'A B'],
    ['its author in a line', { author: 'A B <a@b.c> (https://b.c)', repository: 'x/y' }, 'A B'],
    ['the owner of its repository', { repository: { url: 'git+https://github.com/owner/name.git' } }, 'owner'],
    ['that in short', { repository: 'owner/name' }, 'owner'],
    ['its scope', {}, '@scope'],
  ])('names as the supplier of a package %s', (_, manifest, supplier) => {
    expect(supplierOf(manifest, '@scope/name')).toBe(supplier);
  });
});

describe('the licences', () => {
  const text = read('THIRD-PARTY-LICENSES.txt');
  const sections = [
    ...text.matchAll(/^={80}\n(\S+) (\S+) \((.+)\)\n={80}\n([\s\S]*?)(?=^={80}\n\S+ \S+ \(|(?![\s\S]))/gm),
  ];

  it('are there for each package, in full', () => {
    expect(sections.map(([, name, version]) => `${name} ${version}`).toSorted()).toEqual(versioned);
    // What no file is for says who states what.
    for (const [, name = '', , license = '', body = ''] of sections) {
      const isWhole = /permission|redistribut|licen[cs]e/i.test(body) && body.length > 400;
      expect(isWhole || body.includes(`It states: license ${license}`), name).toBe(true);
    }
    expect(sections.filter(([, , , , body = '']) => body.includes('It states:')).length).toBeLessThan(4);
  });
});
