// `node tools/audit.js` checks production dependencies for known vulnerabilities. High and critical ones fail, others are printed. If the registry
// does not answer audits (a mirror, no network), it prints a line and does not fail.
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const FAILING = new Set(['high', 'critical']);

/** Evaluates the report of `npm audit --json`. */
export function judgeAudit(output) {
  const report = parse(output);
  if (report?.auditReportVersion === undefined) {
    const why = report?.statusCode ?? report?.error?.code ?? 'no report';
    return { code: 0, text: `npm audit: not checked, the registry does not answer audits (${why})` };
  }
  const found = Object.values(report.vulnerabilities);
  const lines = found.map(({ name, severity, range, via }) => {
    const titles = via.map((one) => (typeof one === 'string' ? one : one.title));
    return `  ${severity.padEnd(9)} ${name} ${range}: ${titles.join('; ')}`;
  });
  const head = `npm audit: ${found.length} known vulnerabilities in production dependencies`;
  return {
    code: found.some(({ severity }) => FAILING.has(severity)) ? 1 : 0,
    text: [head, ...lines.toSorted()].join('\n'),
  };
}

function parse(output) {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    timeout: 120_000,
  });
  const { code, text } = judgeAudit(stdout ?? '');
  console.log(text);
  process.exitCode = code;
}
