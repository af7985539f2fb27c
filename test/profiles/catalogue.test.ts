import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { admit } from '../../src/admission/admit.ts';
import { requiredTemplates } from '../../src/profiles/delivery.ts';
import { parseQuantity } from '../../src/kubernetes/quantity.ts';
import { parseProfile } from '../../src/profiles/parse.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { parametersOf, render } from '../../src/profiles/template.ts';
import { reasonMessage } from '../../src/reasons/message.ts';
import { catalogue, container, namespace, opened, pod } from '../support/fixtures.ts';
import { settingsFor } from '../support/sample-values.ts';

// Rules for every built-in profile, including new ones.

const agents = join(import.meta.dirname, '../../src/agents');
const golden = join(import.meta.dirname, '../golden');
const files = readdirSync(agents).filter((file) => file.endsWith('.yaml'));
/** Parameters of deliveries are set by the namespace here. */
const openCatalogue = opened(catalogue);
const builtIn = [...catalogue.profiles.values()];
const named = builtIn.map((profile) => [profile.name, profile] as const);
const byDelivery = builtIn.flatMap((profile) =>
  profile.deliveries.map((delivery) => [profile.name, delivery.name, profile, delivery] as const),
);

/** A namespace that chooses the profile. The server address of the fixture belongs to another agent and has no effect. */
function choosing(profile: Profile, settings: Record<string, string>): ReturnType<typeof namespace> {
  const opted = namespace({ profile: profile.name, ...settings });
  return { ...opted, labels: { ...opted.labels, 'pod-security.kubernetes.io/enforce': 'privileged' } };
}

describe('every file of profiles', () => {
  it.each(files)('%s is valid, and has the name of its profile', (file) => {
    const document = parse(readFileSync(join(agents, file), 'utf8')) as {
      metadata: object;
      spec: { extends?: string };
    };
    expect(document.metadata).toEqual({ name: file.replace(/\.yaml$/, '') });
    // One that extends another is whole in the catalogue only.
    const read = document.spec.extends === undefined ? parseProfile(document) : undefined;
    expect(read?.ok === false ? read.error : []).toEqual([]);
  });

  it('is in the catalogue', () => {
    expect(builtIn.map(({ name }) => `${name}.yaml`).toSorted()).toEqual(files.toSorted());
  });
});

/** False for a profile of variables alone, for agents that are in the app. */
function bringsFiles({ deliveries }: Profile): boolean {
  return deliveries.some(({ kind }) => kind !== 'preinstalled');
}

describe.each(named)('%s', (name, profile) => {
  it('has a language, sources and a documentation page', () => {
    expect(profile.language).toBeTypeOf('string');
    expect(profile.documentation).toMatch(/^https:\/\//);
    expect(profile.sources).not.toEqual([]);
    expect(profile.description).toMatch(/\.$/);
  });

  it('has tests with injected and with skipped pods', () => {
    const outcomes = profile.tests.map((test) => test.expect.outcome);
    expect(new Set(outcomes)).toEqual(new Set(['injected', 'skipped']));
  });

  it('gives advice that is shown to its end', () => {
    for (const { code, message } of profile.advisories) {
      const shown = reasonMessage({ code: 'advisory', profile: name, advisory: code, message, container: 'app' });
      expect(shown.endsWith(message), shown).toBe(true);
    }
    for (const { code: conflict, message } of profile.conflicts)
      expect(reasonMessage({ code: 'profile-conflict', profile: name, conflict, message })).toBe(message);
  });

  it.skipIf(!bringsFiles(profile))('has a slot, so that no second agent is added', () => {
    expect(profile.slots).not.toEqual([]);
  });

  it('is in a golden case', () => {
    const injected = readdirSync(golden, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(golden, entry.name, 'after.yaml'))
      .some((after) => existsSync(after) && readFileSync(after, 'utf8').includes(`"profile":"${name}"`));
    expect(injected).toBe(true);
  });

  it('describes each parameter in a sentence', () => {
    const wanting = [...profile.parameters.values()].filter(({ description }) => !/^[A-Z].*\.$/s.test(description));
    expect(wanting.map((parameter) => parameter.name)).toEqual([]);
  });

  it('does not let tenants choose an image or a directory of the node', () => {
    const open = [...profile.parameters.values()].filter(
      ({ type, settableBy }) =>
        (type === 'image' || type === 'path') && settableBy.some((who) => who !== 'cluster' && who !== 'namespace'),
    );
    expect(open.map((parameter) => parameter.name)).toEqual([]);
  });

  it('has no writable directory below 50 MiB', () => {
    const small = profile.writablePaths.filter(({ sizeLimit }) => (parseQuantity(sizeLimit) ?? 0) < 50 * 1024 * 1024);
    expect(small).toEqual([]);
  });
});

/** The images of all deliveries with default parameters. */
function defaultImages(profile: Profile): readonly string[] {
  const defaults = new Map(
    [...profile.parameters.values()].flatMap(({ name, default: value }) =>
      value === undefined ? [] : [[name, String(value)] as const],
    ),
  );
  return profile.deliveries.flatMap((delivery) =>
    requiredTemplates(delivery)
      .filter(
        ([field, template]) =>
          field === 'image' &&
          parametersOf(template).every((name) => defaults.has(name) || !profile.parameters.has(name)),
      )
      .map(([, template]) => render(template, defaults)),
  );
}

const PINNED = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:\w[\w.-]*)(@sha256:[a-f0-9]{64})?$/;

describe('default images', () => {
  it('exist', () => {
    expect(builtIn.flatMap(defaultImages).length).toBeGreaterThan(0);
  });

  it.each(named)('%s: each has a tag with a version', (_, profile) => {
    const moving = (image: string): boolean => !PINNED.test(image) || !/:v?\d+\.\d+/.test(image);
    expect(defaultImages(profile).filter(moving)).toEqual([]);
  });

  it.each(['busybox', 'docker.io/a/b', 'docker.io/a/b:latest', 'registry:5000/a', 'docker.io/a/b:1'])(
    '%s would fail',
    (image) => {
      expect(!PINNED.test(image) || !/:v?\d+\.\d+/.test(image)).toBe(true);
    },
  );
});

describe('every delivery of every profile, chosen by name, with its parameters set', () => {
  it.each(byDelivery)(
    '%s by %s injects the plain pod, and a second pass changes nothing',
    (name, delivery, profile, chosen) => {
      const within = choosing(profile, { delivery, ...settingsFor(profile, chosen) });
      const first = admit(pod([container('web')]), within, openCatalogue);
      expect(first.decision.outcome).toBe('injected');
      expect(first.decision.containers).toEqual([
        expect.objectContaining({ outcome: 'injected', profile: name, delivery }),
      ]);
      expect(
        first.decision.notices.filter(({ code }) => code === 'advisory' || code === 'foreign-agent-present'),
      ).toEqual([]);
      const second = admit(first.pod, within, openCatalogue);
      expect(second.operations).toEqual([]);
      expect(second.decision.notices.map(({ code }) => code)).not.toContain('foreign-agent-present');
    },
  );

  it.each(byDelivery)('%s by %s leaves no template in the pod', (_, delivery, profile, chosen) => {
    const { pod: after } = admit(
      pod([container('web')]),
      choosing(profile, { delivery, ...settingsFor(profile, chosen) }),
      openCatalogue,
    );
    expect(JSON.stringify(after)).not.toMatch(/\$\{|undefined/);
  });

  it.each(byDelivery)(
    '%s by %s adds no container that runs alongside the app, and limits the size of each directory',
    (_, delivery, profile, chosen) => {
      const within = choosing(profile, { delivery, ...settingsFor(profile, chosen) });
      const { spec } = admit(pod([container('web')]), within, openCatalogue).pod;
      expect(spec.containers.map(({ name }) => name)).toEqual(['web']);
      const added = spec.initContainers ?? [];
      expect(added).toHaveLength(chosen.kind === 'initContainer' || chosen.kind === 'ephemeral' ? 1 : 0);
      for (const one of added) expect(one).not.toHaveProperty('restartPolicy');
      for (const { emptyDir } of spec.volumes ?? [])
        if (emptyDir !== undefined)
          expect(emptyDir).toHaveProperty('sizeLimit', expect.stringMatching(/^[1-9]\d*[MG]i$/));
    },
  );
});

describe('without a choice of delivery', () => {
  const withFiles = named.filter(([, profile]) => bringsFiles(profile));

  it.each(withFiles)('%s does not use the delivery "preinstalled"', (_, profile) => {
    const bare = admit(pod([container('web')]), choosing(profile, settingsFor(profile)), catalogue);
    expect(bare.decision.containers.map((one) => one.outcome === 'injected' && one.delivery)).not.toContain(
      'preinstalled',
    );
  });

  it.each(withFiles)('%s uses a directory of the node only if one is set', (_, profile) => {
    const ofNode = profile.deliveries.find(({ kind }) => kind === 'hostPath');
    if (!ofNode) throw new Error('no delivery of kind hostPath');
    // Alone, so that no other delivery is used instead.
    const alone = {
      ...openCatalogue,
      profiles: new Map([[profile.name, { ...profile, deliveries: [ofNode] as const }]]),
    };
    const without = admit(pod([container('web')]), choosing(profile, settingsFor(profile)), alone);
    expect(without.decision).toMatchObject({ outcome: 'skipped', reason: { code: 'no-fitting-delivery' } });
    expect(without.pod.spec.volumes).toBeUndefined();
    const asked = admit(pod([container('web')]), choosing(profile, settingsFor(profile, ofNode)), alone);
    expect(asked.pod.spec.volumes?.[0]).toHaveProperty('hostPath');
  });
});

describe('lists that the author has set', () => {
  it.each(named)('%s: each is replaced once, for any number of words', (_, profile) => {
    const lists = [
      ...new Set(
        profile.environment
          .filter(({ operation }) => operation.kind === 'append' || operation.kind === 'prepend')
          .map((entry) => entry.name),
      ),
    ];
    const env = lists.map((name) => ({ name, value: name === 'JAVA_TOOL_OPTIONS' ? '-Xmx256m' : '/app' }));
    const { decision, operations } = admit(
      pod([container('web', { env })]),
      choosing(profile, settingsFor(profile, profile.deliveries[0])),
      catalogue,
    );
    expect(decision.outcome).toBe('injected');
    const replaced = operations.flatMap(({ op, path }) => (op === 'replace' && path.includes('/env/') ? [path] : []));
    expect(replaced).toEqual([...new Set(replaced)]);
    expect(replaced).toHaveLength(lists.length);
  });
});
