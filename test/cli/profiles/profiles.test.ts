import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { catalogue } from '../../support/fixtures.ts';
import { run } from '../../support/process.ts';

const all = [...catalogue.profiles.values()];
const names = all.map(({ name }) => name).toSorted();

describe('profiles', () => {
  it('shows one in lines that a single long value does not widen', async () => {
    const { stdout } = await run(['profiles', 'opentelemetry-java']);
    const line = stdout.split('\n').find((one) => one.includes(' JAVA_TOOL_OPTIONS ')) ?? '';
    expect(line).toContain('appended');
    expect(line.length).toBeLessThan(160);
  });

  it('lists all profiles with vendor, language, what they need and, if wide, their deliveries', async () => {
    const { code, stdout, stderr } = await run(['profiles', '-o', 'wide']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^NAME +VENDOR +LANGUAGE +FROM +NEEDS +DELIVERIES$/);
    expect(lines.map((line) => line.split(/ /)[0])).toEqual(names);
    for (const [index, line] of lines.entries()) {
      const profile = catalogue.profiles.get(names[index] ?? '');
      const cells = [
        profile?.name === catalogue.defaults.get('profile') ? `${profile?.name} (default)` : profile?.name,
        profile?.vendor,
        profile?.language,
        'built-in',
        [...(profile?.parameters.values() ?? [])]
          .filter(({ required }) => required)
          .map(({ name }) => name)
          .join(', ') || '-',
        profile?.deliveries.map(({ name }) => name).join(', '),
      ];
      expect(line.split(/ {2,}/)).toEqual(cells.filter((cell) => cell !== undefined));
    }
  });

  it.each(names)('shows %s: every parameter, delivery, variable, conflict and advisory', async (name) => {
    const { code, stdout } = await run(['profiles', name]);
    expect(code).toBe(0);
    const profile = catalogue.profiles.get(name);
    const texts = [
      ...[...(profile?.parameters.values() ?? [])].flatMap((one) => [`  ${one.name}: `, one.description]),
      ...(profile?.deliveries ?? []).map((one) => `\n  ${one.name}  `),
      ...(profile?.environment ?? []).map((one) => `\n  ${one.name} `),
      ...[...(profile?.conflicts ?? []), ...(profile?.advisories ?? [])].flatMap((one) => [
        `\n  ${one.code} `,
        one.message,
      ]),
      ...[...(profile?.mounts ?? []), ...(profile?.writablePaths ?? []), ...(profile?.files ?? [])].map(
        (one) => `\n  ${one.path}`,
      ),
    ];
    expect(texts.length).toBeGreaterThan(5);
    for (const text of texts) expect(stdout).toContain(text);
  });

  it('shows jennifer-dotnet in this format', async () => {
    const { stdout } = await run(['profiles', 'jennifer-dotnet']);
    expect(stdout).toMatch(/^jennifer-dotnet: JENNIFER \.NET agent/);
    expect(stdout).toContain(
      '\n  Vendor         JenniferSoft\n  Language       dotnet\n  Runs on        linux, amd64, arm64, glibc\n',
    );
    expect(stdout).toContain('\n  domain-id: an integer from 1 to 32767, default 1000\n      The JENNIFER domain');
    expect(stdout).toContain('\n  server-address: a host name or an IP address, required\n');
    expect(stdout).toMatch(/\n {2}agent-image: an image reference \(settable by cluster only\)\n/);
    expect(stdout).toMatch(/\n {2}persistentVolumeClaim +always\n/);
    expect(stdout).toMatch(/\n {2}image +only if chosen .*; requires agent-image; Kubernetes 1\.35 or later\n/);
    expect(stdout).toMatch(/\n {2}hostPath +requires host-path; not under Pod Security baseline or restricted\n/);
    expect(stdout).toMatch(/\n {2}CORECLR_ENABLE_PROFILING +1 +a different value is a conflict \(group profiler\)\n/);
    expect(stdout).toMatch(/\n {2}ARIES_DOMAIN_ID +\$\{domain-id\} +an existing value is kept\n/);
    expect(stdout).not.toMatch(/ \n|undefined|\[object/);
  });

  it('prints the same data as JSON and YAML', async () => {
    const json = JSON.parse((await run(['profiles', '-o', 'json'])).stdout) as { name: string }[];
    expect(json.map(({ name }) => name).toSorted()).toEqual(names);
    const yaml: unknown = parse((await run(['profiles', '-o', 'yaml'])).stdout);
    expect(yaml).toEqual(json);
    const one: unknown = JSON.parse((await run(['profiles', 'jennifer-dotnet', '-o', 'json'])).stdout);
    expect(one).toEqual(json.find(({ name }) => name === 'jennifer-dotnet'));
    expect(one).toMatchObject({
      name: 'jennifer-dotnet',
      parameters: expect.arrayContaining([
        expect.objectContaining({ name: 'domain-id', type: 'integer', default: '1000', required: false }),
      ]),
      deliveries: expect.arrayContaining([
        expect.objectContaining({ name: 'hostPath', privileged: true, needs: ['host-path'] }),
      ]),
      environment: expect.arrayContaining([
        { name: 'CORECLR_ENABLE_PROFILING', operation: 'set', value: '1', group: 'profiler' },
      ]),
    });
  });

  it('shows who may set a parameter in a cluster with this configuration', async () => {
    const config = join(await mkdtemp(join(tmpdir(), 'agent-injector-profiles-')), 'config.yaml');
    await writeFile(config, 'settableBy: image=cluster|namespace,address=cluster\nallowedProfiles: jennifer-*\n');
    const { stdout } = await run(['profiles', 'jennifer-dotnet', '--config', config]);
    expect(stdout).toMatch(/ agent-image: an image reference \(settable by cluster or namespace only\)\n/);
    expect(stdout).toMatch(/ server-address: .*, required \(settable by cluster only\)\n/);
    const list = (await run(['profiles', '--config', config])).stdout;
    expect(list).toMatch(/\njennifer-java /);
    expect(list).not.toMatch(/\nnewrelic-java /);
  });

  it('includes the profiles of a directory, and fails if one of them is invalid', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'agent-injector-profiles-'));
    const text = (extended: string) =>
      `{apiVersion: agent-injector.io/v1alpha1, kind: AgentProfile, metadata: {name: ours},\n  spec: {extends: ${extended}, vendor: Ours}}\n`;
    await writeFile(join(dir, 'ours.yaml'), text('jennifer-dotnet'));
    expect((await run(['profiles', '--profiles', dir])).stdout).toMatch(/\nours +Ours +dotnet +own +server-address/);
    expect((await run(['profiles', '--profiles', dir, 'ours'])).stdout).toMatch(/^ours: JENNIFER/);
    await writeFile(join(dir, 'ours.yaml'), text('jennifer'));
    const { code, stdout, stderr } = await run(['profiles', '--profiles', dir]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${join(dir, 'ours.yaml')}:2:19: ours: spec.extends: unknown profile "jennifer"`);
    await rm(dir, { recursive: true });
  });

  it('suggests the nearest name', async () => {
    const { code, stdout, stderr } = await run(['profiles', 'jennifer-dotnt']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^agent-injector: profile "jennifer-dotnt" not found; did you mean "jennifer-dotnet"\?\n$/);
    expect((await run(['profiles', '-o', 'xml'])).code).toBe(2);
  });
});
