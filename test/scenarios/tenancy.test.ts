import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Admission, admit } from '../../src/admission/admit.ts';
import { userSettingNames } from '../../src/api/key-table.ts';
import { offlineInputs } from '../../src/config/catalogue.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { type Catalogue, withDefaults } from '../../src/profiles/catalogue.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { isPerContainer } from '../../src/settings/unknown-keys.ts';
import { catalogue, catalogueFrom, container, namespace, opened, pod, profileDocument } from '../support/fixtures.ts';
import { configurationOf, type ConfigurationValues } from '../support/chart-values.ts';
import { hostileSettings, hostileSettingsFor, hostileValues, MARK } from '../support/hostile-values.ts';
import { settingsFor } from '../support/sample-values.ts';
import { sensitivePositions } from '../support/sensitive-positions.ts';

// Everything that people can write into annotations of a Namespace and of a pod, against `tenancy: strict` and against the values in
// docs/operations.md: of an attacker's text, nothing decides what runs, what is mounted of the node and which Secret is read.

const LEVELS = ['namespace', 'pod', 'container'] as const;
type Level = (typeof LEVELS)[number];
type Settings = Readonly<Record<string, string>>;

const cluster = { ...unknownCluster, kubernetes: { major: 1, minor: 36 } };
const builtIn = [...catalogue.profiles.values()];

/** The pod after an admission in which these settings were given at a level; the choice of the profile is the cluster's. */
function attack(known: Catalogue, level: Level, settings: Settings): Admission {
  const own = level === 'container' ? prefixed(settings) : settings;
  const annotated = { 'server-address': 'jennifer.example.com' };
  const given = pod([container('web')], level === 'namespace' ? {} : own, {
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
  });
  const within = namespace(level === 'namespace' ? { ...annotated, ...own } : annotated);
  const labels = { ...within.labels, 'pod-security.kubernetes.io/enforce': 'privileged' };
  return admit(given, { ...within, labels }, known, cluster);
}

function attacked(known: Catalogue, level: Level, settings: Settings): Pod {
  return attack(known, level, settings).pod;
}

const prefixed = (settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).map(([name, text]) => [`${name}.agent-injector.io/web`, text]));

/** Every name that an attacker can write, with hostile values. */
function attacks(profile: Profile): readonly (readonly [name: string, values: readonly string[]])[] {
  return [
    ...[...profile.parameters.values()].flatMap((parameter) => {
      const values = hostileValues(parameter);
      const [first = ''] = values;
      return [[parameter.name, values] as const, [`${parameter.name}.${profile.name}`, [first]] as const];
    }),
    ...Object.entries(hostileSettings),
    [`containers.${profile.name}`, hostileSettings['containers'] ?? []] as const,
  ];
}

/** The catalogue of a cluster that chose this profile, everything that it needs, and one of its deliveries. */
function chosen(known: Catalogue, profile: Profile, delivery: Profile['deliveries'][number]): Catalogue {
  const settings = { ...settingsFor(profile, delivery), profile: profile.name, delivery: delivery.name };
  return withDefaults(known, Object.entries(settings));
}

describe('with tenancy: strict', () => {
  it.each(builtIn.map((profile) => [profile.name, profile] as const))(
    '%s: no annotation chooses an image, a directory of the node, a Secret or code',
    (_, profile) => {
      let tried = 0;
      for (const delivery of profile.deliveries) {
        const known = chosen(catalogue, profile, delivery);
        for (const level of LEVELS) {
          for (const [name, values] of attacks(profile)) {
            for (const value of values) {
              const after = attacked(known, level, { [name]: value });
              expect(JSON.stringify(sensitivePositions(after)), `${level} ${name}=${value}`).not.toContain(MARK);
              tried++;
            }
          }
          const together = hostileSettingsFor(profile.parameters.values());
          const all = attack(known, level, together);
          expect(JSON.stringify(sensitivePositions(all.pod)), `${level}, all at once`).not.toContain(MARK);
          // Addresses, names and numbers are for namespaces and pods: the agent is injected with them.
          expect(all.decision.outcome, `${level}, all at once`).toBe('injected');
        }
      }
      expect(tried).toBeGreaterThan(400);
    },
    60_000,
  );

  const withFiles = builtIn.filter(({ deliveries }) => deliveries.some(({ kind }) => kind !== 'preinstalled'));

  it.each(withFiles.map((profile) => [profile.name, profile] as const))(
    '%s: with tenancy: open, a namespace chooses them (so the positions above are the right ones)',
    (_, profile) => {
      const found = profile.deliveries.map((delivery) => {
        const settings = Object.fromEntries(
          [...profile.parameters.values()].flatMap((parameter) => {
            const { name, type } = parameter;
            if (type === 'image') return [[name, `${MARK}.example.com/x:1`]];
            // Of directories of sockets, only some are allowed.
            return type === 'path' ? [[name, parameter.allowed?.[0]?.replace('*', MARK) ?? `/${MARK}`]] : [];
          }),
        );
        return JSON.stringify(
          sensitivePositions(attacked(chosen(opened(catalogue), profile, delivery), 'namespace', settings)),
        ).includes(MARK);
      });
      expect(found.filter(Boolean).length).toBeGreaterThan(1);
    },
  );

  it('says what is ignored, who may set it, and which class is locked', () => {
    const given = { 'agent-image': `${MARK}.example.com/x:1`, profile: 'newrelic-java', 'license-secret': MARK };
    const { decision } = admit(pod(), namespace(given), catalogue, cluster);
    expect(decision.outcome).toBe('injected');
    const source = (name: string) => ({ from: 'namespace', key: `agent-injector.io/${name}` });
    expect(decision.notices).toMatchObject([
      {
        code: 'parameter-locked',
        parameter: 'license-secret',
        source: source('license-secret'),
        settableBy: ['cluster'],
        narrowedBy: ['secretName'],
      },
      {
        code: 'parameter-locked',
        parameter: 'agent-image',
        source: source('agent-image'),
        settableBy: ['cluster'],
        narrowedBy: ['image'],
      },
    ]);
  });
});

/** The catalogue of a server with these values of the chart. */
async function catalogueOf(values: ConfigurationValues): Promise<Catalogue> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-tenancy-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const config = join(dir, 'agent-injector.yaml');
  writeFileSync(config, stringify(configurationOf(values)));
  return (await offlineInputs({ config })).catalogue;
}

describe('the values for hostile tenants in docs/operations.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [, block = ''] = /```yaml\n# values: hostile\.yaml\n([\s\S]*?)```/.exec(text) ?? [];
  const locked = (): Promise<Catalogue> => catalogueOf(parse(block) as ConfigurationValues);
  const [allowed = ''] = (parse(block) as ConfigurationValues).allowedProfiles ?? [];
  const jennifer = catalogue.profiles.get(allowed);
  if (!jennifer) throw new Error('the lock allows no built-in profile');

  it('lets no text of an attacker into the pod', async () => {
    const known = await locked();
    let injected = 0;
    for (const level of LEVELS) {
      for (const [name, values] of attacks(jennifer)) {
        for (const value of values) {
          const after = attacked(known, level, { [name]: value });
          if (JSON.stringify(after.spec).includes('/netagent')) injected++;
          expect(JSON.stringify(after.spec), `${level} ${name}=${value}`).not.toContain(MARK);
        }
      }
    }
    expect(injected).toBeGreaterThan(100);
  });

  it.each(builtIn.map(({ name }) => name).filter((name) => name !== allowed))(
    'does not let anyone choose %s',
    async (name) => {
      const known = await locked();
      const profile = catalogue.profiles.get(name);
      const settings = { ...(profile && settingsFor(profile)), profile: name };
      for (const level of LEVELS) {
        const { spec } = attacked(known, level, settings);
        expect(JSON.stringify(spec), level).not.toContain(`"name":"${name}`);
      }
      const { decision } = admit(pod(), namespace(settings), known, cluster);
      expect(decision).toMatchObject({
        outcome: 'skipped',
        reason: { code: 'profile-not-allowed', profile: name, by: 'allowedProfiles' },
      });
    },
  );

  it('leaves the allowed profile to namespaces, with the address of the cluster', async () => {
    const after = attacked(await locked(), 'namespace', { 'domain-id': '7' });
    const values = after.spec.containers[0]?.env?.map(({ value }) => value);
    expect(values).toContain('7');
    expect(values).toContain('jennifer.apm.svc');
  });
});

describe('a setting that the cluster locks', () => {
  it.each(userSettingNames)('%s is ignored at every other level, with a notice', async (setting) => {
    const known = await catalogueOf({
      settableBy: { [setting]: ['cluster'] },
      defaults: { profile: 'jennifer-dotnet' },
    });
    const hostile = { ...hostileSettings, profile: ['opentelemetry-java'], inject: ['false'] }[setting] ?? [];
    expect(hostile).not.toEqual([]);
    const plain = attacked(known, 'pod', {});
    const own = userSettingNames.includes(setting) ? LEVELS : [];
    for (const level of own) {
      for (const value of hostile) {
        expect(attacked(known, level, { [setting]: value }).spec, `${level} ${value}`).toEqual(plain.spec);
        const given = level === 'container' ? prefixed({ [setting]: value }) : { [setting]: value };
        const { decision } =
          level === 'namespace'
            ? admit(pod(), namespace(given), known, cluster)
            : admit(pod([container('web')], given), namespace(), known, cluster);
        expect(decision.notices).toContainEqual(
          level !== 'container' || isPerContainer(setting)
            ? expect.objectContaining({ code: 'setting-locked', setting, settableBy: ['cluster'] })
            : expect.objectContaining({ code: 'unknown-annotation' }),
        );
        expect(decision.notices.filter(({ code }) => code !== 'container-not-found')).toHaveLength(1);
      }
    }
  });

  it('containers.PROFILE is locked with containers', async () => {
    const known = await catalogueOf({ settableBy: { containers: ['cluster'] } });
    const { decision } = admit(pod([container('web')], { 'containers.jennifer-dotnet': 'x' }), namespace(), known);
    expect(decision.outcome).toBe('injected');
    expect(decision.notices.map(({ code }) => code)).toContain('setting-locked');
  });

  it('is taken from the next level that may set it', async () => {
    const known = await catalogueOf({ settableBy: { profile: ['cluster', 'namespace'] } });
    const { decision } = admit(
      pod([container('web')], { profile: 'none' }),
      namespace({ profile: 'jennifer-dotnet' }),
      known,
    );
    expect(decision.outcome).toBe('injected');
  });
});

describe('built-in profiles that are switched off', () => {
  it('may not be used, and the built-in default of the profile does not apply', async () => {
    const known = await catalogueOf({ builtInProfiles: false });
    const choose = (settings: Settings) => admit(pod(), namespace(settings), known).decision;
    expect(choose({})).toMatchObject({ outcome: 'skipped', reason: { code: 'no-profile' } });
    expect(choose({ profile: 'jennifer-dotnet' })).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'profile-not-allowed', by: 'builtInProfiles' },
    });
  });

  it("can still be extended by a user's profile, of another name or of the same", async () => {
    const dir = mkdtempSync(join(tmpdir(), 'agent-injector-tenancy-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const extending = (name: string): string =>
      stringify({
        apiVersion: 'agent-injector.io/v1alpha1',
        kind: 'AgentProfile',
        metadata: { name },
        spec: { extends: 'jennifer-dotnet' },
      });
    writeFileSync(join(dir, 'a.yaml'), `${extending('our-dotnet')}---\n${extending('jennifer-dotnet')}`);
    const config = join(dir, 'config.yml');
    writeFileSync(config, stringify(configurationOf({ builtInProfiles: false, allowedProfiles: ['our-*'] })));
    const { catalogue: known } = await offlineInputs({ config, profiles: await profilesOnly(dir) });
    const outcomeOf = (profile: string) => admit(pod(), namespace({ profile }), known).decision;
    expect(outcomeOf('our-dotnet').outcome).toBe('injected');
    expect(outcomeOf('jennifer-dotnet')).toMatchObject({ reason: { by: 'allowedProfiles' } });
    expect(outcomeOf('jennifer-java')).toMatchObject({ reason: { by: 'builtInProfiles' } });
  });
});

/** A directory beside the configuration: documents of profiles stand alone. */
async function profilesOnly(dir: string): Promise<string> {
  const own = mkdtempSync(join(tmpdir(), 'agent-injector-tenancy-profiles-'));
  onTestFinished(() => rmSync(own, { recursive: true }));
  writeFileSync(join(own, 'a.yaml'), readFileSync(join(dir, 'a.yaml')));
  return own;
}

const TYPES = ['string', 'word', 'host', 'url', 'objectName', 'image', 'version', 'path'] as const;

/** Where a profile can use a parameter so that its text decides something sensitive. */
const uses: readonly ((use: string) => object)[] = [
  (use) => ({ deliveries: [{ image: { reference: use } }] }),
  (use) => ({ deliveries: [{ image: { reference: `registry.example.com/agent:${use}` } }] }),
  (use) => ({
    deliveries: [{ initContainer: { image: 'registry.example.com/a:1', command: ['cp', use, '/agent'] } }],
  }),
  (use) => ({ deliveries: [{ hostPath: { path: use } }] }),
  (use) => ({ deliveries: [{ hostPath: { path: `/opt/${use}` } }] }),
  (use) => ({ deliveries: [{ csi: { driver: 'image.csi.k8s.io', volumeAttributes: { image: use } } }] }),
  (use) => ({ deliveries: [{ csi: { driver: 'd', volumeAttributes: { share: use } } }] }),
  (use) => ({ deliveries: [{ image: { reference: 'registry.example.com/a:1', pullSecret: use } }] }),
  (use) => ({ environment: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: use, key: 'k' } } }] }),
  (use) => ({ environment: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'n', key: use } } }] }),
  (use) => ({ environment: [{ name: 'KEY', valueFrom: { configMapKeyRef: { name: use, key: 'k' } } }] }),
  (use) => ({ environment: [{ name: 'LD_PRELOAD', value: use }] }),
  (use) => ({ environment: [{ name: 'DOTNET_STARTUP_HOOKS', operation: 'force', value: use }] }),
  (use) => ({
    environment: [{ name: 'NODE_OPTIONS', operation: 'append', separator: ' ', value: `--require=${use}` }],
  }),
  (use) => ({ environment: [{ name: 'PYTHONPATH', operation: 'prepend', separator: ':', value: use }] }),
  (use) => ({ environment: [{ name: 'JAVA_TOOL_OPTIONS', operation: 'append', separator: ' ', value: `-Da=${use}` }] }),
];

describe("users' profiles", () => {
  const documents = fc.record({
    type: fc.constantFrom(...TYPES),
    settableBy: fc.option(fc.subarray(['cluster', 'namespace', 'pod', 'container'] as const), { nil: undefined }),
    use: fc.constantFrom(...uses),
    level: fc.constantFrom(...LEVELS),
    value: fc.nat(20),
  });

  it('widen nothing: whatever they allow, no annotation decides what runs, what is mounted of the node or which Secret is read', () => {
    let valid = 0;
    let open = 0;
    fc.assert(
      fc.property(documents, ({ type, settableBy, use, level, value: pick }) => {
        const environment = [{ name: 'AGENT', value: '1' }];
        const parameter = { name: 'p', type, description: 'd', required: true, ...(settableBy && { settableBy }) };
        const known = readIfValid(profileDocument({ environment, parameters: [parameter], ...use('${p}') }));
        if (!known) return;
        valid++;
        const [declared] = known.profiles.get('agent')?.parameters.values() ?? [];
        if (!declared) throw new Error('no parameter');
        const values = hostileValues(declared);
        const value = values[pick % values.length] ?? '';
        const after = attacked(known, level, { p: value });
        expect(JSON.stringify(sensitivePositions(after))).not.toContain(MARK);
        if (JSON.stringify(sensitivePositions(attacked(opened(known), level, { p: value }))).includes(MARK)) open++;
      }),
      { numRuns: 3000, seed: 20_261_130 },
    );
    expect(valid).toBeGreaterThan(1000);
    // With tenancy: open the same profiles do let such values in.
    expect(open).toBeGreaterThan(100);
  }, 60_000);
});

function readIfValid(document: object): Catalogue | undefined {
  try {
    return catalogueFrom({ profiles: [document] });
  } catch {
    return undefined;
  }
}
