import { describe, expect, it } from 'vitest';
import { unknownCluster, type ClusterState } from '../../../src/kubernetes/cluster-state.ts';
import type { ImageFacts } from '../../../src/kubernetes/images/facts.ts';
import { withDefaults } from '../../../src/profiles/catalogue.ts';
import { choiceFor } from '../../../src/settings/selected-profiles.ts';
import { catalogue, catalogueOf, container, namespace, pod, profileDocument } from '../../support/fixtures.ts';
import { facts } from '../../support/image-facts.ts';

const JAVA = 'opentelemetry-java';
const NODE = 'opentelemetry-nodejs';
const BOTH = `auto(${JAVA}, ${NODE})`;

const nodeFacts = facts({
  language: { is: 'nodejs', by: 'NODE_VERSION', version: '22.18.0' },
  entrypoint: ['docker-entrypoint.sh'],
  cmd: ['node'],
});

const knowing = (known: ImageFacts): ClusterState => ({
  ...unknownCluster,
  imageFacts: () => ({ facts: known, digest: 'sha256:0', by: 'digest' }),
});

interface Case {
  readonly fields?: object;
  readonly settings?: Record<string, string>;
  readonly cluster?: ClusterState;
  readonly defaults?: Record<string, string>;
}

/** The name of the profile, or the code of the reason. */
function chosen({ fields = {}, settings = { profile: BOTH }, cluster = unknownCluster, defaults = {} }: Case): string {
  const app = container('app', { ...fields });
  const known = withDefaults(catalogue, Object.entries(defaults));
  const { profiles } = choiceFor({ pod: pod([app]), namespace: namespace(settings), catalogue: known, cluster }, app);
  return profiles.ok ? profiles.value.map(({ name }) => name).join(',') : profiles.error.code;
}

describe('profile: auto', () => {
  it.each<[string, object, string]>([
    ['java', { command: ['java', '-jar', 'app.jar'] }, JAVA],
    ['a path', { command: ['/usr/lib/jvm/bin/java'], args: ['-jar', 'app.jar'] }, JAVA],
    ['node behind tini', { command: ['/sbin/tini', '--', 'node', 'server.js'] }, NODE],
    ['node behind env', { command: ['/usr/bin/env', 'node'] }, NODE],
    [
      'node behind tini with an option that has a value',
      { command: ['tini', '-p', 'SIGTERM', 'node'] },
      'language-not-proven',
    ],
    ['node in a shell', { command: ['sh', '-c', 'node server.js'] }, 'language-not-proven'],
    ['node behind env with a variable', { command: ['env', 'A=node', 'sh'] }, 'language-not-proven'],
    ['a program of its own', { command: ['/app/server'] }, 'language-not-proven'],
    ['a program by a variable', { command: ['$(RUNTIME)', 'app.jar'] }, 'language-not-proven'],
    ['a jar by a variable', { command: ['/app/$(NAME).jar'] }, 'language-not-proven'],
    ['a name that only begins like one', { command: ['node-exporter'] }, 'language-not-proven'],
    ['args without a command', { args: ['java', '-jar', 'app.jar'] }, 'language-not-proven'],
    ['nothing', {}, 'language-not-proven'],
    ['a command that is no list', { command: 'java' }, 'language-not-proven'],
    ['a language that the list is not for', { command: ['python3', 'app.py'] }, 'language-without-profile'],
  ])('by the command: %s', (_, fields, expected) => {
    expect(chosen({ fields })).toBe(expected);
  });

  it.each<[string, object, string]>([
    ['as it is', {}, NODE],
    ['with options for its program', { args: ['--inspect'] }, NODE],
    ['with its program in args', { args: ['node', 'other.js'] }, NODE],
    ['with another program in args', { args: ['migrate'] }, 'language-not-proven'],
    ['with a shell in args', { args: ['sh', '-c', 'node x.js'] }, 'language-not-proven'],
    ['with another language in args', { args: ['python3', 'x.py'] }, 'languages-ambiguous'],
    ['with a command', { command: ['java', '-jar', 'x.jar'] }, JAVA],
    ['with a program of the pod', { command: ['/app/server'] }, 'language-not-proven'],
    ['with an empty command and empty args', { command: [], args: [] }, NODE],
  ])('by the facts of an image for Node.js: %s', (_, fields, expected) => {
    expect(chosen({ fields, cluster: knowing(nodeFacts) })).toBe(expected);
  });

  it('counts facts that are too old as none', () => {
    expect(chosen({ cluster: { ...unknownCluster, imageFacts: () => 'outdated' } })).toBe('language-not-proven');
  });

  const java = { command: ['java'] };

  it.each<[string, Case, string]>([
    ['no candidates', { settings: { profile: 'auto' } }, 'auto-without-profiles'],
    ['an empty list', { settings: { profile: 'auto()' } }, 'auto-without-profiles'],
    ['those of the namespace', { settings: { profile: 'auto', 'auto-profiles': `${JAVA}, ${NODE}` } }, JAVA],
    ['those of the cluster', { settings: { profile: 'auto' }, defaults: { 'auto-profiles': JAVA } }, JAVA],
    [
      'its own before those',
      { settings: { profile: `auto(${NODE})`, 'auto-profiles': JAVA } },
      'language-without-profile',
    ],
    ['two for a language', { settings: { profile: `auto(${JAVA}, jennifer-java)` } }, 'profiles-ambiguous'],
    ['one that does not exist', { settings: { profile: `auto(${JAVA}, nope)` } }, 'unknown-profile'],
    ['one beside a list', { settings: { profile: `auto, ${JAVA}` } }, 'invalid-value'],
    ['a parenthesis that does not end', { settings: { profile: `auto(${JAVA}` } }, 'invalid-value'],
    ['names with auto in them', { settings: { profile: 'automatic' } }, 'unknown-profile'],
  ])('of candidates: %s', (_, given, expected) => {
    expect(chosen({ fields: java, ...given })).toBe(expected);
  });

  it('takes what a profile says of its language', () => {
    const detect = { programs: ['erl', 'beam.*'], imageEnv: ['ERLANG_VERSION'] };
    const known = catalogueOf(profileDocument({ language: 'erlang', detect }, 'erlang-agent'));
    const settings = { profile: 'auto(erlang-agent)' };
    const byCommand = (...command: readonly string[]): boolean => {
      const app = container('app', { command: [...command] });
      const sources = { pod: pod([app]), namespace: namespace(settings), catalogue: known, cluster: unknownCluster };
      const { profiles } = choiceFor(sources, app);
      return profiles.ok && profiles.value.length === 1;
    };
    expect([byCommand('/usr/bin/erl'), byCommand('beam.smp'), byCommand('elixir')]).toEqual([true, true, false]);
  });
});
