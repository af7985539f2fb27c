import { beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import { readAllProfiles, type ResolvedProfile } from '../../src/profiles/read-profiles.ts';
import { profileResource } from '../../src/api/profile-resource.ts';
import { type BaseProfiles, ResourceProfiles } from '../../src/profile-sources/resource-profiles.ts';
import { catalogue, profileDocument } from '../support/fixtures.ts';
import type { JsonObject } from '../../src/lib/json.ts';

let objects: JsonObject[];
let base: BaseProfiles;
let log: RecordingLogger;
let profiles: ResourceProfiles;

beforeEach(() => {
  objects = [];
  log = new RecordingLogger();
  base = { catalogue, own: new Map() };
  profiles = new ResourceProfiles({
    base: () => base,
    resources: () => objects.map(profileResource),
    log,
    clock: new ManualClock(),
  });
});

function resource(name: string, spec: object, { uid = name, generation = 1 } = {}): JsonObject {
  const document = profileDocument({}, name) as JsonObject;
  return { ...document, metadata: { name, uid, generation, managedFields: [] }, spec: spec as JsonObject };
}

const plain = (name: string, rest: object = {}): object => ({
  ...(profileDocument(rest, name) as { spec: object }).spec,
});

const hashIn = (known: Catalogue, name: string): string | undefined => {
  const profile = known.profiles.get(name);
  return profile && profileHash(profile);
};

const descriptionOf = (known: Catalogue, name: string): unknown => known.profiles.get(name)?.description;

it('without resources the catalogue is that of the files', async () => {
  await profiles.refresh();
  expect(profiles.catalogue()).toBe(catalogue);
});

it('adds profiles, replaces built-in ones, and lets one extend another, a built-in one or one from a file', async () => {
  const file = readAllProfiles({
    builtIn: [],
    own: [
      {
        origin: 'f',
        document: profileDocument({ description: 'File.', environment: [{ name: 'A', value: '1' }] }, 'filed'),
      },
    ],
    slots: new Set(),
  });
  base = { catalogue, own: file.own };
  objects = [
    resource('agent', plain('agent')),
    resource('child', { derived: { extends: 'agent', description: 'Child.' } }),
    resource('filed', { derived: { extends: 'filed', environment: [{ name: 'B', value: '2' }] } }),
    resource('jennifer-java', { derived: { extends: 'jennifer-java', description: 'Ours.' } }),
  ];
  await profiles.refresh();
  const known = profiles.catalogue();
  expect(known).toBe(profiles.catalogue());
  expect(known.profiles.size).toBe(catalogue.profiles.size + 3);
  expect([...known.own]).toEqual(['agent', 'child', 'filed', 'jennifer-java']);
  expect([descriptionOf(known, 'child'), descriptionOf(known, 'jennifer-java')]).toEqual(['Child.', 'Ours.']);
  expect(known.profiles.get('filed')?.environment.map(({ name }) => name)).toEqual(['A', 'B']);
  expect(hashIn(known, 'jennifer-java')).toBe(hashIn(catalogue, 'jennifer-java'));
  expect(profiles.problems()).toEqual([]);
});

it('a generation that is not sound leaves the last sound one in service, until it is mended or the object is another', async () => {
  objects = [resource('agent', plain('agent', { description: 'First.' }))];
  await profiles.refresh();
  const first = profiles.catalogue();
  objects = [resource('agent', { ...plain('agent'), mounts: [{ path: 'relative' }] }, { generation: 2 })];
  await profiles.refresh();
  expect(descriptionOf(profiles.catalogue(), 'agent')).toBe('First.');
  expect(profiles.states().get('agent')).toMatchObject({
    accepted: 'kept',
    generation: 2,
    problems: [expect.stringContaining('spec.mounts[0].path')],
  });
  expect(profiles.states().get('agent')?.hash).toBe(hashIn(first, 'agent'));
  expect(log.of('error')).toHaveLength(1);
  await profiles.refresh();
  expect(log.of('error')).toHaveLength(1);
  objects = [resource('agent', plain('agent', { description: 'Third.' }), { generation: 3 })];
  await profiles.refresh();
  expect(profiles.states().get('agent')?.accepted).toBe('yes');
  expect(descriptionOf(profiles.catalogue(), 'agent')).toBe('Third.');
  objects = [resource('agent', { vendor: 'x' }, { uid: 'another' })];
  await profiles.refresh();
  expect(profiles.states().get('agent')?.accepted).toBe('no');
  expect(profiles.catalogue().profiles.has('agent')).toBe(false);
});

it('what a broken resource replaces is not in service either; without the resource it is again', async () => {
  objects = [resource('jennifer-java', { vendor: 'x' })];
  await profiles.refresh();
  expect(profiles.catalogue().profiles.has('jennifer-java')).toBe(false);
  objects = [];
  await profiles.refresh();
  expect(profiles.catalogue()).toBe(catalogue);
});

it('a profile that has not changed stays the same object; when a file changes, what extends it follows', async () => {
  const filed = (description: string): ReadonlyMap<string, ResolvedProfile> =>
    readAllProfiles({
      builtIn: [],
      own: [{ origin: 'f', document: profileDocument({ vendor: description }, 'filed') }],
      slots: new Set(),
    }).own;
  base = { catalogue, own: filed('Before') };
  objects = [resource('agent', plain('agent')), resource('child', { derived: { extends: 'filed' } })];
  await profiles.refresh();
  const before = profiles.catalogue().profiles;
  objects = [...objects, resource('third', plain('third'))];
  await profiles.refresh();
  expect(profiles.catalogue().profiles.get('agent')).toBe(before.get('agent'));
  base = { catalogue: { ...catalogue }, own: filed('After') };
  profiles.catalogue();
  await profiles.refresh();
  expect(profiles.catalogue().profiles.get('child')?.vendor).toBe('After');
});

it('a change that is not about the profiles, as one of their status, leaves the catalogue and all that was decided by it', async () => {
  const resources = [resource('agent', plain('agent')), resource('other', plain('other'))].map(profileResource);
  profiles = new ResourceProfiles({ base: () => base, resources: () => resources, log, clock: new ManualClock() });
  await profiles.refresh();
  const [known, states] = [profiles.catalogue(), profiles.states()];
  await profiles.refresh();
  expect(profiles.catalogue()).toBe(known);
  expect(profiles.states()).toBe(states);
  expect(log.of('info')).toHaveLength(1);
});

it('judges one resource after the other, and says nothing of those for which too many wait: reviews go first', async () => {
  let reads = 0;
  const resources = () => {
    reads += 1;
    return [];
  };
  profiles = new ResourceProfiles({ base: () => base, resources, log, clock: new ManualClock() });
  const broken = profileResource(resource('agent', { vendor: 'x' }));
  const all = Array.from({ length: 40 }, () => profiles.problemsOf(broken));
  await all[0];
  expect(reads).toBeLessThanOrEqual(2);
  const judged = await Promise.all(all);
  expect(judged[0]).not.toEqual([]);
  expect(judged.at(-1)).toEqual([]);
  expect(await profiles.problemsOf(broken)).toEqual(judged[0]);
});
