import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { openClusterState } from '../../src/server/cluster-watches.ts';
import { UsageError } from '../../src/lib/usage-error.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import { pod } from '../support/fixtures.ts';
import { FaultyApi, json, never } from '../support/faulty-api.ts';
import { mountedDirectory, profileText } from '../support/mounted-directory.ts';
import { run } from '../support/process.ts';

const silent = pino({ level: 'silent' });
const namespaces = {
  status: () => ({ synced: true, size: 0, ageMs: 0, restarts: 0, problem: undefined, mislabelled: 0 }),
};
const within = { timeout: 1_500, interval: 3 };

function configOf(flags: Record<string, string>): Config {
  const read = readConfig(flags, {});
  if (!read.ok) throw new Error(read.error.problems.join());
  return read.value;
}

let api: FaultyApi;
beforeEach(async () => {
  api = new FaultyApi();
  api.faults.get = (_, response) => json(response, { gitVersion: 'v1.36.3' });
  await api.start();
  onTestFinished(() => api.kill());
});

async function open(flags: Record<string, string>) {
  const source = openClusterState(configOf({ checks: 'none', ...flags }), await api.client(), namespaces, silent);
  onTestFinished(() => source.stop());
  await source.whenTried();
  return source;
}

describe('openClusterState', () => {
  it('reads only the version unless more is enabled', async () => {
    const source = await open({});
    expect(source.state().kubernetes).toEqual({ major: 1, minor: 36 });
    expect(source.state().configMapKeys('shop', 'a')).toBeUndefined();
    expect(source.configMaps()).toBeUndefined();
    expect(source.notes()).toEqual([]);
    expect(api.seen.map(({ url }) => url.pathname)).toEqual(['/version']);
  });

  it('does not ask for a version that the settings name', async () => {
    const source = await open({ kubernetes: '1.31' });
    expect(source.state().kubernetes).toEqual({ major: 1, minor: 31 });
    expect(api.seen).toEqual([]);
  });

  it('watches the keys of ConfigMaps if enabled; a note says that they are missing until they are read', async () => {
    api.faults.list = never;
    const source = await open({ configMapKeys: 'true' });
    expect(source.notes()).toHaveLength(1);
    expect(source.state().configMapKeys('shop', 'a')).toBeUndefined();
    expect(api.count('list')).toBe(1);
    await source.stop();

    const item = { metadata: { namespace: 'shop', name: 'a', resourceVersion: '1' }, data: { ONE: 'x' } };
    api.faults.list = (_, response) => json(response, { metadata: { resourceVersion: '1' }, items: [item] });
    const next = await open({ configMapKeys: 'true' });
    await vi.waitFor(() => expect(next.notes()).toEqual([]), within);
    expect(next.state().configMapKeys('shop', 'a')).toEqual(new Set(['ONE']));
    expect(next.configMaps()).toBe(1);
  });

  it('watches claims and quotas unless disabled; what may not be read becomes a note and blocks nothing', async () => {
    const empty = { metadata: { resourceVersion: '1' }, items: [] };
    api.faults.list = ({ url = '' }, response) =>
      url.includes('/volumeattachments')
        ? json(response, { kind: 'Status', message: 'volumeattachments is forbidden' }, 403)
        : json(response, empty);
    const both = await open({ checks: 'claims,quotas' });
    expect(Object.keys(both.caches())).toEqual([
      'persistentvolumeclaims',
      'volumeattachments',
      'resourcequotas',
      'limitranges',
    ]);
    expect(both.notes()).toEqual([expect.stringMatching(/volumeattachments .*is forbidden/)]);
    expect(both.state().claim?.('shop', 'files')).toBe('absent');
    expect(both.state().quotas?.('shop')).toEqual([]);
    expect(both.state().limitRanges?.('shop')).toEqual([]);
    await vi.waitFor(() => expect(api.watching).toBe(3), within);
    await both.stop();

    const paths = () => new Set(api.seen.splice(0).map(({ url }) => url.pathname));
    paths();
    const claims = await open({ checks: 'claims' });
    expect(claims.state().quotas).toBeUndefined();
    await vi.waitFor(() => expect(api.watching).toBe(1), within);
    await claims.stop();
    expect(paths()).toEqual(
      new Set(['/version', '/api/v1/persistentvolumeclaims', '/apis/storage.k8s.io/v1/volumeattachments']),
    );
    const quotas = await open({ checks: 'quotas' });
    expect(quotas.state().claim).toBeUndefined();
    await quotas.stop();
    expect(paths()).toEqual(new Set(['/version', '/api/v1/resourcequotas', '/api/v1/limitranges']));
  });

  it('watches nodes, volumes and StorageClasses, each by its own check', async () => {
    const nodeInfo = { kubeletVersion: 'v1.34.1', containerRuntimeVersion: 'containerd://2.2.9' };
    const node = { metadata: { name: 'a', resourceVersion: '1' }, status: { nodeInfo } };
    api.faults.list = ({ url = '' }, response) =>
      json(response, { metadata: { resourceVersion: '1' }, items: url.includes('/nodes') ? [node] : [] });
    const nodes = await open({ checks: 'nodes' });
    expect(Object.keys(nodes.caches())).toEqual(['nodes']);
    expect(nodes.state().nodes?.()).toEqual({ mountImages: false, single: true });
    expect(nodes.state().newVolume).toBeUndefined();
    await nodes.stop();
    const volumes = await open({ checks: 'claims,volumes' });
    expect(Object.keys(volumes.caches())).toEqual([
      'persistentvolumeclaims',
      'volumeattachments',
      'persistentvolumes',
      'storageclasses',
    ]);
    await vi.waitFor(() => expect(api.watching).toBe(4), within);
    expect(volumes.state().newVolume?.('fast')).toEqual({ unbound: 'never' });
    expect(volumes.state().nodes).toBeUndefined();
  });

  it.each(['claim', 'none,claims', 'claims,none', ''])('checks cannot be "%s"', (checks) => {
    expect(() => configOf({ checks })).toThrow('--checks: ');
  });

  it('knows nothing without a cluster, and then rejects configMapKeys', () => {
    const source = openClusterState(configOf({}), undefined, namespaces, silent);
    expect(source.state().kubernetes).toBeUndefined();
    expect(() => openClusterState(configOf({ configMapKeys: 'true' }), undefined, namespaces, silent)).toThrow(
      UsageError,
    );
  });
});

describe('inject --kubernetes', () => {
  const manifest = stringify({ ...pod(), metadata: { name: 'web', namespace: 'shop' } });
  const profile = profileText('mine', {
    deliveries: [
      { image: { reference: 'registry.example.com/agent:1' } },
      { initContainer: { image: 'registry.example.com/agent:1', command: ['cp'] } },
    ],
    mounts: [{ path: '/agent' }],
  });

  it.each([
    ['1.36', '    image:\n'],
    ['1.34', '    emptyDir:\n'],
    [undefined, '    emptyDir:\n'],
  ])('%s decides which delivery is possible', async (version, volume) => {
    const profiles = await mountedDirectory({ 'mine.yaml': profile });
    onTestFinished(profiles.remove);
    const args = ['inject', '-f', '-', '--profiles', profiles.dir, '--profile', 'mine', '--set', 'image-volumes=on'];
    const { code, stdout } = await run([...args, ...(version === undefined ? [] : ['--kubernetes', version])], {
      stdin: manifest,
    });
    expect(code).toBe(0);
    expect(stdout).toContain(volume);
  });

  it('must be a version', async () => {
    const { code, stderr } = await run(['inject', '-f', '-', '--kubernetes', 'latest'], { stdin: manifest });
    expect(code).toBe(2);
    expect(stderr).toContain('--kubernetes: "latest"');
  });
});
