import { describe, expect, it } from 'vitest';
import { classesOf, type ParameterClass } from '../../../src/profiles/tenancy/parameter-class.ts';
import { levelsOfParameter, OPEN, STRICT, type Tenancy } from '../../../src/profiles/tenancy/policy.ts';
import type { Profile } from '../../../src/profiles/profile.ts';
import { catalogue, catalogueWithParameter } from '../../support/fixtures.ts';

function profileWith(parameter: object, spec: object): Profile {
  return catalogueWithParameter(parameter, spec).profile;
}

const parameterOf = (profile: Profile, name = 'p') => {
  const parameter = profile.parameters.get(name);
  if (!parameter) throw new Error(`no parameter ${name}`);
  return parameter;
};

const variable = (name: string, value: string, rest: object = {}): object => ({
  environment: [{ name, value, ...rest }],
});
const file = (content: string): object => ({ files: [{ path: '/etc/a.ini', content }] });
const append = { operation: 'append', separator: ' ' };

describe('the classes of a parameter', () => {
  it.each<[string, object, object, ParameterClass[]]>([
    ['the type image', { type: 'image' }, variable('A', '${p}'), ['image']],
    [
      'a tag of an image',
      { type: 'version' },
      { deliveries: [{ image: { reference: 'registry.example.com/a:${p}' } }] },
      ['image'],
    ],
    [
      'an attribute of a CSI driver',
      { type: 'word' },
      { deliveries: [{ csi: { driver: 'd', volumeAttributes: { share: '${p}' } } }] },
      ['image'],
    ],
    ['a part of a hostPath', { type: 'version' }, { deliveries: [{ hostPath: { path: '/opt/${p}' } }] }, ['nodePath']],
    [
      'the name of a mounted Secret',
      { type: 'objectName' },
      { objects: [{ path: '/etc/a', secret: '${p}' }] },
      ['secretName'],
    ],
    ['further variables', { type: 'variables', allowed: ['A_*'] }, {}, ['variables', 'address']],
    [
      'assignments',
      { type: 'assignments' },
      { environment: [{ name: 'A', operation: 'merge', separator: ',', assignment: '=', parameter: 'p' }] },
      ['other'],
    ],
    [
      'assignments in a variable that loads code',
      { type: 'assignments' },
      { environment: [{ name: 'NODE_OPTIONS', operation: 'merge', separator: ' ', assignment: '=', parameter: 'p' }] },
      ['code'],
    ],
    [
      'assignments in a variable by its name',
      { type: 'assignments' },
      { environment: [{ name: 'A_ENDPOINTS', operation: 'merge', separator: ',', assignment: '=', parameter: 'p' }] },
      ['address'],
    ],
    ['a path elsewhere', { type: 'path' }, variable('A', '${p}'), ['other']],
    [
      'the name of a Secret',
      { type: 'objectName' },
      { environment: [{ name: 'A', valueFrom: { secretKeyRef: { name: '${p}', key: 'k' } } }] },
      ['secretName'],
    ],
    [
      'the key of a ConfigMap',
      { type: 'objectName' },
      { environment: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'n', key: '${p}' } } }] },
      ['secretName'],
    ],
    [
      'a pull secret',
      { type: 'objectName' },
      { deliveries: [{ image: { reference: 'registry.example.com/a:1', pullSecret: '${p}' } }] },
      ['secretName'],
    ],
    ['a claim', { type: 'objectName' }, { deliveries: [{ persistentVolumeClaim: { claimName: '${p}' } }] }, ['claim']],
    ['a subPath', { type: 'version' }, { mounts: [{ path: '/agent', subPath: '${p}' }] }, ['claim']],
    [
      'a command',
      { type: 'path' },
      { deliveries: [{ initContainer: { image: 'registry.example.com/a:1', command: ['cp', '${p}'] } }] },
      ['code'],
    ],
    ['a variable that loads code', { type: 'string' }, variable('LD_PRELOAD', '${p}'), ['code']],
    ['an option of a JVM', { type: 'word' }, variable('JAVA_TOOL_OPTIONS', '-javaagent:${p}', append), ['code']],
    ['a property of a JVM', { type: 'word' }, variable('JAVA_TOOL_OPTIONS', '-Dname=${p}', append), ['other']],
    ['a number in such a variable', { type: 'port' }, variable('NODE_OPTIONS', '--inspect=${p}'), ['address']],
    ['an extension of PHP', { type: 'word' }, file('[a]\nextension = /a/${p}\n'), ['code']],
    ['a host', { type: 'host' }, variable('A', '${p}'), ['address']],
    ['a variable by its name', { type: 'word' }, variable('ACME_ENDPOINT', '${p}'), ['address']],
    ['a key of a file by its name', { type: 'word' }, file('server_address = ${p}'), ['address']],
    [
      'a parameter by its name',
      { type: 'integer', minimum: 1, maximum: 9, name: 'p' },
      variable('A_PORT', '${p}'),
      ['address'],
    ],
    [
      'a list of the profile in an image',
      { type: 'enum', values: ['', '-a'] },
      { deliveries: [{ image: { reference: 'registry.example.com/a:1${p}' } }] },
      ['other'],
    ],
  ])('%s', (_, parameter, spec, classes) => {
    const profile = profileWith(parameter, spec);
    expect(classesOf(profile, parameterOf(profile))).toEqual(classes);
  });

  it('are all that its uses give', () => {
    const profile = profileWith(
      { type: 'objectName' },
      {
        deliveries: [{ persistentVolumeClaim: { claimName: '${p}' } }],
        environment: [{ name: 'A', valueFrom: { secretKeyRef: { name: '${p}', key: 'k' } } }],
      },
    );
    expect(new Set(classesOf(profile, parameterOf(profile)))).toEqual(new Set(['claim', 'secretName']));
  });

  it('of the built-in profiles: every parameter with a class that only the cluster may set', () => {
    const guarded = new Set(['image', 'nodePath', 'secretName', 'code']);
    const names = [...catalogue.profiles.values()].flatMap((profile) =>
      [...profile.parameters.values()]
        .filter((parameter) => classesOf(profile, parameter).some((name) => guarded.has(name)))
        .map(({ name }) => name),
    );
    expect([...new Set(names)].toSorted()).toEqual([
      'agent-image',
      'agent-socket-directory',
      'apm-secret',
      'connection-string-secret',
      'host-path',
      'library-registry',
      'library-version',
      'license-secret',
      'license-secret-key',
      'otlp-ca-config-map',
      'otlp-client-secret',
      'otlp-headers-secret',
    ]);
  });
});

describe('the levels that may set a parameter', () => {
  const image = profileWith({ type: 'image', settableBy: ['cluster', 'namespace', 'pod'] }, variable('A', '${p}'));
  const levels = (tenancy: Tenancy, profile = image) => levelsOfParameter(tenancy, profile, parameterOf(profile));

  it('are those of the profile with tenancy: open', () => {
    expect(levels(OPEN)).toEqual({ levels: ['cluster', 'namespace', 'pod'], narrowedBy: [] });
  });

  it('are fewer with tenancy: strict', () => {
    expect(levels(STRICT)).toEqual({ levels: ['cluster'], narrowedBy: ['image'] });
  });

  it('are those of settableBy, as far as the profile allows', () => {
    const given = (those: readonly ('cluster' | 'container' | 'namespace')[]): Tenancy => ({
      ...STRICT,
      settableBy: new Map([['image', those]]),
    });
    expect(levels(given(['cluster', 'namespace', 'container'])).levels).toEqual(['cluster', 'namespace']);
    expect(levels(given(['container']))).toEqual({ levels: [], narrowedBy: ['image'] });
  });

  it('of an image and a path are the cluster and the namespace, if the profile does not say', () => {
    for (const type of ['image', 'path']) {
      const profile = profileWith({ type }, variable('A', '${p}'));
      expect(levels(OPEN, profile).levels).toEqual(['cluster', 'namespace']);
    }
  });
});
