import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chart } from '../support/chart.ts';
import { helm, run } from '../support/deploy-tools.ts';
import { defaultsSchema } from './values-schema.ts';

// The names and values of `defaults` in the chart's schema are made of the table of settings and the built-in profiles: UPDATE_DOCS=1 writes them.

const file = join(chart, 'values.schema.json');
const written = JSON.parse(readFileSync(file, 'utf8')) as object;
const current = `${JSON.stringify({ ...written, ...defaultsSchema() }, null, 2)}\n`;
if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

function template(values: object): { readonly code: number | null; readonly stderr: string } {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-values-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'values.yaml'), JSON.stringify(values));
  return run(helm ?? '', ['template', 'x', chart, '--values', join(dir, 'values.yaml')]);
}

describe('values.schema.json', () => {
  it('says what the code says', () => expect(readFileSync(file, 'utf8')).toBe(current));
});

describe.skipIf(helm === undefined)('helm', () => {
  it.each([
    [{ 'server-adress': 'x' }, 'server-adress'],
    [{ 'domain-id': 'abc' }, 'domain-id'],
    [{ 'domain-id': 99_999 }, 'domain-id'],
    [{ 'server-port.jennifer-dotnet': 0 }, 'server-port.jennifer-dotnet'],
    [{ 'server-port.jennifer-dotnte': 5000 }, 'server-port.jennifer-dotnte'],
    [{ 'image-volumes': true }, 'image-volumes'],
    [{ suspended: 'maintenance' }, 'suspended'],
  ])('refuses the defaults %j and names the key', (defaults, name) => {
    const { code, stderr } = template({ defaults });
    expect(code).not.toBe(0);
    expect(stderr).toContain(name);
  });

  it.each([
    [{ 'server-address': 'jennifer.apm.svc', 'domain-id': 1000, 'server-port.jennifer-java': '5000' }],
    [{ profile: 'opentelemetry-java', 'otlp-endpoint': 'http://collector:4318', 'containers.jennifer-dotnet': 'web' }],
    [{ inject: true, 'image-volumes': 'off' }],
  ])('takes %j', (defaults) => {
    expect(template({ defaults }).stderr).toBe('');
  });

  it('leaves names to the server where there are profiles that only it reads', () => {
    const defaults = { 'acme-key': 'x' };
    expect(template({ defaults }).code).not.toBe(0);
    expect(template({ defaults, profilesConfigMap: 'ours' }).stderr).toBe('');
    expect(template({ defaults, profiles: { acme: 'kind: AgentProfile' } }).stderr).toBe('');
  });
});
