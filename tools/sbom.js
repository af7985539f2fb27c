// Lists the packages in the bundle, from esbuild's metafile instead of node_modules: dist/sbom.cdx.json is a CycloneDX document, and
// dist/THIRD-PARTY-LICENSES.txt has the text of each licence, as MIT, ISC, BSD and Apache require. Both are reproducible: no random number, and the
// time is that of the commit. The SBOM has the minimum elements of NTIA (2021): supplier, name, version, identifier, relationship, author, time.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The package folder of a module; undefined for our own modules. The last node_modules counts, since packages nest. */
const folderOf = (input) => /^.*(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];

/** The key in package-lock.json, which starts with the first node_modules of the path. */
const lockKeyOf = (folder) => folder.slice(folder.indexOf('node_modules/'));

/**
 * The packages in the output, sorted by their key in package-lock.json, each with its direct dependencies. Throws if a package is not in the
 * lock, or is only for development: it could not be identified, or would not be audited.
 */
export function packagesIn({ inputs, outputs }) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const used = new Set(
    Object.values(outputs).flatMap((output) =>
      Object.entries(output.inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])),
    ),
  );
  const calls = new Map();
  for (const input of used) {
    const from = folderOf(input) ?? '';
    const known = calls.get(from) ?? new Set();
    for (const { path } of inputs[input]?.imports ?? []) {
      const to = used.has(path) ? folderOf(path) : undefined;
      if (to !== undefined && to !== from) known.add(lockKeyOf(to));
    }
    calls.set(from, known);
  }
  const describe = (folder) => {
    const key = lockKeyOf(folder);
    const { version, integrity, license, dev } = lock[key] ?? {};
    if (!version || !integrity || !license)
      throw new Error(`${key} is in the bundle; version, integrity or license is not in package-lock.json`);
    if (dev)
      throw new Error(
        `${key} is in the bundle, and is only there for development: it is not audited. Make it external.`,
      );
    const name = key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const supplier = supplierOf(JSON.parse(readFileSync(join(resolve(folder), 'package.json'), 'utf8')), name);
    return { key, name, version, integrity, license, supplier, folder: resolve(folder), calls: [...calls.get(folder)] };
  };
  const packages = [...calls.keys()].filter((folder) => folder !== '').map(describe);
  return {
    packages: packages.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
    own: [...(calls.get('') ?? [])],
  };
}

const AUTHORS = 'The agent-injector authors';

/** Who supplies a package, by its package.json: its author, else the owner of its repository, else its scope. */
export function supplierOf({ author, repository }, name) {
  const stated = typeof author === 'string' ? author : author?.name;
  const url = typeof repository === 'string' ? repository : (repository?.url ?? '');
  const owner = /(?:github\.com[/:]|^(?:github:)?)([\w.-]+)\/[\w.-]+$/.exec(url)?.[1];
  return stated?.replace(/\s*(?:[<(]| - ).*$/, '').trim() || owner || name.split('/')[0];
}

/** SOURCE_DATE_EPOCH, else the time of the commit, else the start of 1970: never the time of the build. */
export function sourceTime(env = process.env) {
  const seconds = env.SOURCE_DATE_EPOCH || commitTime() || '0';
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}

function commitTime() {
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/** The runtime, which the image adds to the bundle: the version in .node-version, as the Dockerfile checks. */
function nodeComponent(version) {
  const purl = `pkg:generic/node@${version}`;
  return {
    type: 'platform',
    'bom-ref': purl,
    supplier: { name: 'OpenJS Foundation', url: ['https://nodejs.org'] },
    name: 'node',
    version,
    scope: 'required',
    licenses: [{ license: { id: 'MIT' } }],
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl,
  };
}

const purlOf = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

const hashOf = (integrity) => ({
  alg: integrity.slice(0, integrity.indexOf('-')).toUpperCase().replace('SHA', 'SHA-'),
  content: Buffer.from(integrity.slice(integrity.indexOf('-') + 1), 'base64').toString('hex'),
});

/** A single SPDX licence as its id, a choice of several as an expression. */
const licenceOf = (license) => (/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license });

const byText = (one, other) => (one < other ? -1 : 1);

/** A version that is installed twice is one component. */
const onceEach = (list, keyOf) => [...new Map(list.map((one) => [keyOf(one), one])).values()];

/** The CycloneDX 1.6 document, which identifies the bundle by the hash of its content. */
export function sbomOf({ packages, own }, { name, version, bundle, node, timestamp, tools = [] }) {
  const refs = new Map(packages.map((one) => [one.key, purlOf(one)]));
  const subject = `pkg:generic/${name}@${version}`;
  const dependency = (ref, keys) => ({
    ref,
    dependsOn: [...new Set(keys.map((key) => String(refs.get(key))))].toSorted(byText),
  });
  const each = onceEach(packages, purlOf);
  const callsOf = (one) => packages.flatMap((other) => (purlOf(other) === purlOf(one) ? other.calls : []));
  const runtime = nodeComponent(node);
  const subjectCalls = dependency(subject, own);
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: '',
    version: 1,
    metadata: {
      timestamp,
      lifecycles: [{ phase: 'build' }],
      tools: { components: tools.map((tool) => ({ type: 'application', ...tool })) },
      authors: [{ name: AUTHORS }],
      supplier: { name: AUTHORS },
      component: {
        type: 'application',
        'bom-ref': subject,
        supplier: { name: AUTHORS },
        name,
        version,
        hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(bundle).digest('hex') }],
        licenses: [{ license: { id: 'Apache-2.0' } }],
        purl: subject,
      },
    },
    components: [
      runtime,
      ...each.map((one) => {
        const [group, short] = one.name.startsWith('@') ? one.name.split('/') : [undefined, one.name];
        return {
          type: 'library',
          'bom-ref': purlOf(one),
          supplier: { name: one.supplier },
          ...(group && { group }),
          name: short,
          version: one.version,
          scope: 'required',
          hashes: [hashOf(one.integrity)],
          licenses: [licenceOf(one.license)],
          purl: purlOf(one),
        };
      }),
    ],
    dependencies: [
      { ...subjectCalls, dependsOn: [runtime.purl, ...subjectCalls.dependsOn].toSorted(byText) },
      { ref: runtime.purl, dependsOn: [] },
      ...each.map((one) => dependency(purlOf(one), callsOf(one))),
    ],
    // What Node.js consists of, and the libraries of the base image, are not listed.
    compositions: [{ aggregate: 'incomplete', assemblies: [runtime['bom-ref']] }],
  };
  return identified(document);
}

/** With a serial number that depends only on the content (RFC 9562, version 8). */
function identified(document) {
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex');
  const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  return { ...document, serialNumber: `urn:uuid:${uuid}` };
}

/** The same document for a program that runs with another version of Node.js. */
export function withNode(document, version) {
  const before = document.components.find(({ type }) => type === 'platform');
  const after = nodeComponent(version);
  if (before.version === version) return document;
  const components = document.components.map((one) => (one === before ? after : one));
  const text = JSON.stringify({ ...document, serialNumber: '', components });
  return identified(JSON.parse(text.replaceAll(JSON.stringify(before.purl), JSON.stringify(after.purl))));
}

/** The licence texts of the packages. For a package without such a file, its licence and author. */
export function licencesOf({ packages }) {
  const texts = packages.map(({ name, version, license, folder }) => {
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    const { author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const by = typeof author === 'string' ? author : author?.name;
    const stated = `The package has no file of its own for it. It states: license ${license}${by ? `, author ${by}` : ''}.`;
    const text = files.toSorted().map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return `${'='.repeat(80)}\n${name} ${version} (${license})\n${'='.repeat(80)}\n\n${text.join('\n\n') || stated}\n`;
  });
  return `Parts of these packages are in agent-injector.js.\n\n${texts.join('\n')}`.replaceAll('\r\n', '\n');
}

/** Writes both files next to the bundle. */
export function writeSbom(metafile, { name, version }) {
  const found = packagesIn(metafile);
  const entry = Object.keys(metafile.outputs).find((file) => metafile.outputs[file].entryPoint !== undefined);
  const dist = dirname(entry);
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const lock = JSON.parse(read('package-lock.json')).packages;
  const document = sbomOf(found, {
    name,
    version,
    bundle: readFileSync(entry),
    node: read('.node-version').trim(),
    timestamp: sourceTime(),
    tools: [
      { name: 'agent-injector tools/sbom.js', version },
      { name: 'esbuild', version: lock['node_modules/esbuild'].version },
    ],
  });
  writeFileSync(join(dist, 'sbom.cdx.json'), `${JSON.stringify(document, null, 2)}\n`);
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licencesOf(found));
}
