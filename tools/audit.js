// `npm run audit` compares the lock files and the Node.js of the image with the known vulnerabilities in security/advisories.yaml, and asks the
// registry where it answers audits (mirrors do not). A finding fails, unless security/waivers.yaml has it; a waiver that is expired or has no
// finding fails, too. The age of the snapshot is only printed: a date alone turns nothing red.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const FAILING = new Set(['high', 'critical']);
const DAY = 86_400_000;
/** Days after which the snapshot ought to be renewed. */
const OLD = 30;

/** Negative, zero or positive. A pre-release comes before its release; two of one release compare by their text. */
export function compareVersions(one, other) {
  const [left, right] = [one, other].map((text) => {
    const [core, ...rest] = text.split('-');
    return { numbers: core.split('.').map(Number), pre: rest.join('-') };
  });
  for (const index of [0, 1, 2]) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '' || right.pre === '') return left.pre === '' ? 1 : -1;
  return left.pre < right.pre ? -1 : 1;
}

function isAffected(version, ranges) {
  return ranges.some(
    ({ introduced, fixed }) =>
      compareVersions(version, introduced) >= 0 && (fixed === undefined || compareVersions(version, fixed) < 0),
  );
}

/** The advisories that concern these packages, each with its place. */
export function findingsIn(snapshot, packages, node) {
  const all = [
    ...packages.map((one) => ({ ...one, advisories: snapshot.packages[one.name] ?? [] })),
    { name: 'node', version: node, where: 'in the image', advisories: snapshot.node },
  ];
  return all.flatMap(({ name, version, where, advisories }) =>
    advisories
      .filter(({ affected }) => isAffected(version, affected))
      .map(({ id, also = [], source }) => ({ ids: [id, ...also], package: name, version, where, source })),
  );
}

/** The packages of a lock file. `bundled` has `name version` of those in the bundle. */
export function lockedPackages(lock, bundled, label = '') {
  return Object.entries(lock.packages).flatMap(([key, { version, dev }]) => {
    if (key === '' || version === undefined) return [];
    const name = key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const kind = bundled.has(`${name} ${version}`) ? 'in the bundle' : dev ? 'for development' : 'not in the bundle';
    return [{ name, version, where: label || kind }];
  });
}

/** What `npm audit --json` found: undefined, with the reason, if the registry did not answer. */
export function registryFindings(output) {
  const report = parseJson(output);
  if (report?.auditReportVersion === undefined)
    return { why: String(report?.statusCode ?? report?.error?.code ?? 'no report') };
  return {
    findings: Object.values(report.vulnerabilities).map(({ name, severity, range, via }) => ({
      ids: via.flatMap((one) => (typeof one === 'string' ? [] : [one.url?.split('/').at(-1) ?? one.title])),
      package: name,
      version: range,
      where: severity,
      source: via.map((one) => (typeof one === 'string' ? one : one.title)).join('; '),
      isFailing: FAILING.has(severity),
    })),
  };
}

function parseJson(output) {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

/** What is wrong with the waivers, given the findings. */
function waiverProblems(waivers, findings, today) {
  return waivers.flatMap((waiver) => {
    const { id, package: name, reason, expires } = waiver;
    if (![id, name, reason].every((text) => typeof text === 'string' && text !== '') || !isDay(expires))
      return [`a waiver needs id, package, reason and expires (YYYY-MM-DD): ${JSON.stringify(waiver)}`];
    if (expires < today) return [`the waiver of ${id} (${name}) expired on ${expires}`];
    return findings.some((finding) => isWaived(finding, [waiver]))
      ? []
      : [`the waiver of ${id} (${name}) has no finding: remove it`];
  });
}

const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

const isWaived = (finding, waivers) =>
  waivers.some((waiver) => waiver.package === finding.package && finding.ids.includes(waiver.id));

/** The result as exit code and text. `registry` is that of `registryFindings`; `today` is YYYY-MM-DD. */
export function judge({ snapshot, waivers, packages, node, registry, today }) {
  const found = findingsIn(snapshot, packages, node);
  const asked = registry.findings ?? [];
  const problems = waiverProblems(waivers, [...found, ...asked], today);
  const failing = [...found, ...asked.filter(({ isFailing }) => isFailing)].filter(
    (finding) => !isWaived(finding, waivers),
  );
  const age = Math.floor((Date.parse(today) - Date.parse(snapshot.taken)) / DAY);
  const bundled = packages.filter(({ where }) => where === 'in the bundle').length;
  const known = Object.values(snapshot.packages).flat().length + snapshot.node.length;
  return {
    code: failing.length > 0 || problems.length > 0 ? 1 : 0,
    text: [
      `audit: ${packages.length} packages (${bundled} in the bundle) and Node.js ${node} against ${known} advisories of ${snapshot.taken} ` +
        `(${age} days old): ${found.length} found, ${waivers.length} waivers`,
      ...(age > OLD ? [`audit: warning: the snapshot is older than ${OLD} days: renew security/advisories.yaml`] : []),
      registry.findings
        ? `audit: registry: ${asked.length} known vulnerabilities in production dependencies`
        : `audit: registry: not asked, it does not answer audits (${registry.why})`,
      ...[...found, ...asked].map((finding) => {
        const mark = isWaived(finding, waivers) ? 'waived ' : '';
        return `  ${mark}${finding.package} ${finding.version} (${finding.where}): ${finding.ids.join(', ')}: ${finding.source}`;
      }),
      ...problems.map((problem) => `  ${problem}`),
    ].join('\n'),
  };
}

/** The files of this repository. */
export function readInputs() {
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const sbom = 'dist/sbom.cdx.json';
  const components = existsSync(join(root, sbom)) ? JSON.parse(read(sbom)).components : [];
  const bundled = new Set(
    components.map(({ group, name, version }) => `${group === undefined ? '' : `${group}/`}${name} ${version}`),
  );
  return {
    snapshot: parse(read('security/advisories.yaml')),
    waivers: parse(read('security/waivers.yaml')),
    packages: [
      ...lockedPackages(JSON.parse(read('package-lock.json')), bundled),
      ...lockedPackages(JSON.parse(read('tools/lint/package-lock.json')), new Set(), 'for linting'),
    ],
    node: read('.node-version').trim(),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    timeout: 120_000,
  });
  const today = new Date().toISOString().slice(0, 10);
  const { code, text } = judge({ ...readInputs(), registry: registryFindings(stdout ?? ''), today });
  console.log(text);
  process.exitCode = code;
}
