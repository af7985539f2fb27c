import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localNames } from '../../../src/cli/ui/ui.ts';
import type { Overview, PodDetail, Session } from '../../../src/page/wire.ts';
import { openPage, printedAddress } from '../../support/page-browser.ts';
import { run, start } from '../../support/process.ts';

const dir = mkdtempSync(join(tmpdir(), 'agent-injector-ui-'));
afterAll(() => rmSync(dir, { recursive: true }));

const MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {agent-injector.io/contaners: web}}
    spec: {containers: [{name: web, image: web:1}]}
`;

function manifest(): string {
  const file = join(dir, 'web.yaml');
  writeFileSync(file, MANIFEST);
  return file;
}

describe('ui -f', () => {
  it('shows what would become of manifests, without a cluster', async () => {
    const started = start(['ui', '--no-browser', '-f', manifest()]);
    const { get } = await openPage(await printedAddress(started));
    const session = JSON.parse((await get('api/session')).text) as Session;
    expect(session).toMatchObject({ from: 'files', namespaces: ['shop'], hasMetrics: false });
    const { needs, workloads } = JSON.parse((await get('api/overview')).text) as Overview;
    expect(workloads).toMatchObject([{ namespace: 'shop', workload: 'Deployment/web' }]);
    const mistake = needs.find(({ code }) => code === 'unknown-annotation');
    expect(mistake?.affected).toMatchObject([
      { workload: 'Deployment/web', message: expect.stringMatching(/web\.yaml:\d+: /) },
    ]);
    const answer = await get('api/pod?namespace=shop&workload=Deployment/web');
    const { before, after } = JSON.parse(answer.text) as PodDetail;
    expect({ status: answer.status, before: before.includes('web:1') }).toEqual({ status: 200, before: true });
    expect(after.length).toBeGreaterThan(before.length);
    started.child.kill();
    expect((await started.ended).code).toBe(0);
  });
});

describe('ui', () => {
  it('answers to its names as a browser sends them: without the port of HTTP', () => {
    expect([...localNames(8080)]).toEqual(['127.0.0.1:8080', 'localhost:8080']);
    expect([...localNames(80)]).toEqual(expect.arrayContaining(['127.0.0.1', 'localhost']));
  });

  it('says that a port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await run(['ui', '--no-browser', '--port', String(port), '-f', manifest()]);
    server.close();
    expect(code).not.toBe(0);
    expect(stderr).toContain(`port ${port} is already in use`);
  });

  it.each([
    ['--host a -f x', /--host requires --in-cluster/],
    ['--in-cluster -f x', /cannot be combined/],
    ['--port 70000', /at most 65535/],
    ['--namespaces x', /requires --file/],
  ])('refuses %s', async (flags, message) => {
    const { code, stderr } = await run(['ui', '--no-browser', ...flags.split(' ')]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });
});
