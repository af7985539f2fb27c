import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditLoop } from '../../src/server/audit-loop.ts';
import { openAudits } from '../../src/server/audits.ts';
import { admit } from '../../src/admission/admit.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { createMetrics } from '../../src/metrics/registry.ts';
import { ClusterNamespaces } from '../../src/cluster/caches/namespaces.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';
import { FaultyApi, json, never } from '../support/faulty-api.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const shop = namespace();
const called = (name: string, one: Namespace = shop): Namespace => ({ ...one, name });
const off: Namespace = { ...shop, name: 'off', labels: {} };
const namespaces = new Map([shop, called('bank'), off, called('kube-system')].map((one) => [one.name, one]));
const injected = (one: Pod): Pod => admit(one, shop, catalogue).pod;
const foreign = pod([
  container('web', { env: [{ name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' }] }),
]);
const outdated = (): Pod => {
  const { metadata, ...rest } = injected(pod());
  const text = metadata?.annotations?.['agent-injector.io/status'] ?? '';
  const record = text.replaceAll(/"hash":"[0-9a-f]{8}"/g, '"hash":"00000000"');
  expect(record).not.toBe(text);
  return {
    ...rest,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, 'agent-injector.io/status': record } },
  };
};

const INTERVAL_MS = 600_000;
let api: FaultyApi;
let clock: ManualClock;
let log: RecordingLogger;
let loop: AuditLoop | undefined;
let items: readonly object[];

beforeEach(async () => {
  api = new FaultyApi();
  await api.start();
  clock = new ManualClock();
  log = new RecordingLogger();
  items = [];
  api.faults.list = (request, response) => {
    const url = new URL(request.url ?? '', 'http://api');
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = from + Number(url.searchParams.get('limit'));
    const metadata = { resourceVersion: '7', ...(to < items.length && { continue: String(to) }) };
    json(response, { metadata, items: items.slice(from, to) });
  };
});
afterEach(async () => {
  await loop?.stop();
  await api.kill();
});

/** A pod as listed: with a namespace and a name. */
const inside = (name: string, one: Pod, index = 0): object => ({
  ...one,
  metadata: { ...one.metadata, namespace: name, name: `web-${index}` },
});

async function start(found: Pick<ReadonlyMap<string, Namespace>, 'get'> = namespaces): Promise<AuditLoop> {
  const sources = {
    client: await api.client(),
    catalogue: () => catalogue,
    clusterState: () => unknownCluster,
    namespaces: found,
    excluded: new Set(['kube-system']),
  };
  loop = new AuditLoop(sources, { intervalMs: INTERVAL_MS, logger: log, clock, random: () => 0.5 });
  loop.start();
  return loop;
}

/** An audit is over once the timer of the next one is set. */
const whenOver = () => clock.whenOpen();

async function exposition(): Promise<readonly string[]> {
  const none = { expiry: { leaf: undefined, ca: undefined }, renewals: { leaf: 0, ca: 0 }, hasProblem: false };
  const gauges = {
    namespaces: () => ({ size: 0, synced: true, ageMs: 0, restarts: 0 }),
    certificates: () => ({ ...none, foreign: 0, repairs: 0, drift: {} }),
    audit: () => loop?.gauges(),
  };
  const text = await createMetrics(gauges, 'test').render();
  return text.split('\n').filter((line) => /^agent_injector_(expected|cannot|outdated|injected_but|audit)/.test(line));
}

describe('AuditLoop', () => {
  it('counts what the command finds, page by page, and exposes metrics', async () => {
    items = [
      ...Array.from({ length: 70 }, (_, index) => inside('shop', pod(), index)),
      inside('bank', pod()),
      ...[injected(pod()), outdated(), foreign].map((one) => inside('shop', one)),
      inside('off', pod()),
      inside('off', injected(pod())),
      inside('kube-system', pod()),
      inside('unknown', pod()),
      inside('shop', { ...pod(), status: { phase: 'Succeeded' } }),
      { metadata: { namespace: 'shop', name: 'no-pod' } },
    ];
    expect(await exposition()).toEqual([]);
    const audits = await start();
    await whenOver();
    const expectedNotInjected = new Map([
      ['shop', 70],
      ['bank', 1],
    ]);
    expect(audits.gauges()).toEqual({
      expectedNotInjected,
      cannotBeInjected: 1,
      outdated: 1,
      namespaceOff: 1,
      ageMs: 0,
    });
    expect(api.seen.map(({ url }) => [url.pathname, url.searchParams.get('limit')])).toEqual(
      Array.from({ length: 4 }, () => ['/api/v1/pods', '25']),
    );
    clock.advance(90_000);
    expect(await exposition()).toEqual([
      'agent_injector_expected_not_injected_pods{namespace="shop"} 70',
      'agent_injector_expected_not_injected_pods{namespace="bank"} 1',
      'agent_injector_cannot_be_injected_pods 1',
      'agent_injector_outdated_pods 1',
      'agent_injector_injected_but_off_pods 1',
      'agent_injector_audit_age_seconds 90',
    ]);
    expect(log.messages).toEqual([]);
  });

  it('audits again after the interval, and no longer counts what is fixed', async () => {
    items = [inside('shop', pod())];
    const audits = await start();
    await whenOver();
    items = [inside('shop', injected(pod()))];
    clock.advance(INTERVAL_MS - 1);
    expect(api.seen.length).toBe(1);
    clock.advance(1);
    await whenOver();
    expect(audits.gauges()).toEqual({
      expectedNotInjected: new Map(),
      cannotBeInjected: 0,
      outdated: 0,
      namespaceOff: 0,
      ageMs: 0,
    });
    expect(await exposition()).toContain('agent_injector_outdated_pods 0');
  });

  it('logs one warning without the permission, has no figures, and tries again each time', async () => {
    items = [inside('shop', pod())];
    const allowed = api.faults.list;
    const forbidden = (_: unknown, response: Parameters<typeof json>[0]): void =>
      json(response, { kind: 'Status', message: 'pods is forbidden' }, 403);
    api.faults.list = forbidden;
    const audits = await start();
    await whenOver();
    clock.advance(INTERVAL_MS);
    await whenOver();
    expect(api.seen.length).toBe(2);
    expect(audits.gauges()).toBeUndefined();
    expect(await exposition()).toEqual([]);
    expect(log.messages).toEqual([expect.stringMatching(/^warn .*403: pods is forbidden; /)]);
    if (allowed) api.faults.list = allowed;
    clock.advance(INTERVAL_MS);
    await whenOver();
    expect(audits.gauges()?.expectedNotInjected).toEqual(new Map([['shop', 1]]));
    expect(log.messages.slice(1)).toEqual([expect.stringMatching(/^info /)]);
    // Without the permission again, outdated figures are not shown.
    api.faults.list = forbidden;
    clock.advance(INTERVAL_MS);
    await whenOver();
    expect(await exposition()).toEqual([]);
    expect(log.messages.length).toBe(3);
  });

  it('changes no figure after an audit that failed half way', async () => {
    items = [inside('shop', pod())];
    const audits = await start();
    await whenOver();
    api.faults.list = (request, response) => {
      const isFirst = !(request.url ?? '').includes('continue=');
      if (isFirst) json(response, { metadata: { resourceVersion: '7', continue: 'x' }, items: [] });
      else json(response, { kind: 'Status', message: 'expired' }, 410);
    };
    clock.advance(INTERVAL_MS);
    await whenOver();
    expect(audits.gauges()).toMatchObject({ expectedNotInjected: new Map([['shop', 1]]), ageMs: INTERVAL_MS });
    expect(log.messages).toEqual([expect.stringContaining('410: expired')]);
  });

  it('survives a defect: the pod is not counted, and an error is logged', async () => {
    items = [inside('shop', pod()), inside('bank', pod())];
    const broken: ReadonlyMap<string, Namespace> = new Map([
      ['shop', shop],
      // Stands for a defect in the evaluation.
      [
        'bank',
        {
          name: 'bank',
          get labels(): never {
            throw new Error('a defect');
          },
          annotations: {},
        },
      ],
    ]);
    const audits = await start(broken);
    await whenOver();
    expect(audits.gauges()?.expectedNotInjected).toEqual(new Map([['shop', 1]]));
    expect(log.messages).toEqual([expect.stringMatching(/^error /)]);
  });

  it('stops in the middle of a request, and between two audits', async () => {
    const isRequested = new Promise<void>((resolve) => {
      api.faults.list = () => resolve();
    });
    const audits = await start();
    await isRequested;
    await audits.stop();
    expect(clock.open).toBe(0);
    expect(log.messages).toEqual([]);
    api.faults.list = (_, response) => json(response, { metadata: { resourceVersion: '7' }, items: [] });
    const others = await start();
    await whenOver();
    await others.stop();
    expect(clock.open).toBe(0);
  });

  it('evaluates one pod per turn of the event loop, so that reviews come first', async () => {
    items = Array.from({ length: 200 }, (_, index) => inside('shop', pod(), index));
    let inTurn = 0;
    let most = 0;
    let watching = true;
    const eachTurn = (): void => {
      inTurn = 0;
      if (watching) setImmediate(eachTurn);
    };
    eachTurn();
    const get = (): Namespace => {
      inTurn += 1;
      most = Math.max(most, inTurn);
      return shop;
    };
    const audits = await start({ get });
    await whenOver();
    watching = false;
    expect(audits.gauges()?.expectedNotInjected).toEqual(new Map([['shop', 200]]));
    expect(api.seen.length).toBe(8);
    // At the start of a page, two pods may fall into one turn.
    expect(most).toBeLessThanOrEqual(2);
  });

  it('is not created unless enabled, or without a cluster', async () => {
    const client = await api.client();
    api.faults.list = never;
    const source = new ClusterNamespaces(client, { logger: log });
    const server = {
      client,
      profiles: { catalogue: () => catalogue },
      namespaces: source,
      clusterState: { state: () => unknownCluster },
    };
    const settings = { service: 'agent-injector.apm' };
    expect(openAudits({ ...settings, auditInterval: '0' }, server, log)).toBeUndefined();
    expect(openAudits({ ...settings, auditInterval: '10m' }, server, log)).toBeInstanceOf(AuditLoop);
    expect(openAudits({ ...settings, auditInterval: '10m' }, { ...server, client: undefined }, log)).toBeUndefined();
    expect(log.messages).toEqual([expect.stringMatching(/^warn .*auditInterval/)]);
    await source.stop();
  });
});

it('the metric names the 200 namespaces with the most pods', async () => {
  const expected = new Map(Array.from({ length: 203 }, (_, index) => [`n${index}`, index + 1]));
  const audit = () => ({ expectedNotInjected: expected, cannotBeInjected: 0, outdated: 0, namespaceOff: 0, ageMs: 0 });
  const certificates = () => ({
    expiry: { leaf: undefined, ca: undefined },
    renewals: { leaf: 0, ca: 0 },
    hasProblem: false,
    foreign: 0,
    repairs: 0,
    drift: {},
  });
  const known = () => ({ size: 0, synced: true, ageMs: 0, restarts: 0 });
  const text = await createMetrics({ namespaces: known, certificates, audit }, 'test').render();
  const lines = text.split('\n').filter((line) => line.startsWith('agent_injector_expected'));
  expect(lines.length).toBe(201);
  expect(lines[0]).toBe('agent_injector_expected_not_injected_pods{namespace="n202"} 203');
  expect(lines.at(-1)).toBe('agent_injector_expected_not_injected_pods{namespace="other"} 6');
});
