import { stringify } from 'yaml';
import { constraintsText, deliveryNeedsText, operationText } from '../../src/cli/profiles/text.ts';
import { admit } from '../../src/admission/admit.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import { claimsOf } from '../../src/kubernetes/pod.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { STRICT } from '../../src/profiles/tenancy/policy.ts';
import { type NoteSummary, type ProfileSummary, profileSummary } from '../../src/profiles/summary.ts';
import { catalogue, container, pod } from '../support/fixtures.ts';
import { code, linked, table } from '../support/markdown.ts';
import { type Example, LANGUAGES, translatedPage } from './translated-agent-pages.ts';

const languages: Readonly<Record<string, string>> = {
  dotnet: '.NET',
  java: 'Java',
  nodejs: 'Node.js',
  php: 'PHP',
  python: 'Python',
};

const languageText = (language: string | undefined): string => languages[language ?? ''] ?? language ?? '';

const allPlaces = 4;

/** The pages of docs/agents, by their names: one for each built-in profile, and the list. */
export function agentPages(): ReadonlyMap<string, string> {
  const profiles = [...catalogue.profiles.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  // The vendor's markets.
  const translated = profiles.filter(({ vendor }) => vendor === 'JenniferSoft');
  return new Map([
    ['README.md', list(profiles)],
    ...profiles.map((profile): [string, string] => [`${profile.name}.md`, page(profile)]),
    ...translated.flatMap((profile) =>
      LANGUAGES.map((language): [string, string] => [
        `${profile.name}.${language}.md`,
        translatedPage(profile, language, exampleOf(profile)),
      ]),
    ),
  ]);
}

function list(profiles: readonly Profile[]): string {
  return `# The catalogue of agents

<!-- Made from src/agents/*.yaml: UPDATE_DOCS=1 npx vitest run test/docs -->

These agents are built in. Each is [a document](../profile-language.md) like those that you [write yourself](../add-your-own-agent.md), and contains
tests that \`agent-injector lint\` runs. \`agent-injector profiles NAME\` prints the contents of these pages on the command line.

${table(
  ['profile', 'runtime', 'vendor', 'what it is'],
  profiles.map(({ name, vendor, language, description }) => [
    `[${name}](${name}.md)`,
    languageText(language),
    vendor,
    description,
  ]),
)}
`;
}

/** The namespace that the page shows: what the first of the profile's own tests that injects sets. */
function exampleNamespace({ name, tests }: Profile): Namespace {
  const settings = tests.find(({ expect }) => expect.outcome === 'injected')?.namespace ?? {};
  const own = Object.entries(settings).filter(([key]) => !key.includes('/'));
  return {
    name: 'shop',
    labels: { 'agent-injector.io/injection': 'enabled' },
    annotations: {
      'agent-injector.io/profile': name,
      ...Object.fromEntries(own.map(([key, value]) => [`agent-injector.io/${key}`, value])),
    },
  };
}

function exampleOf(profile: Profile): Example {
  const namespace = exampleNamespace(profile);
  const { labels, annotations } = namespace;
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace.name, labels, annotations } };
  const admission = admit(pod([container('web')]), namespace, catalogue);
  const [outcome] = admission.decision.containers;
  const [first] = admission.pod.spec.containers;
  return {
    namespace: block(manifest),
    delivery: outcome?.outcome === 'injected' ? outcome.delivery : '?',
    gets: block({ env: first?.env ?? [], volumeMounts: first?.volumeMounts ?? [] }),
    claim: claimsOf(admission.pod.spec.volumes)[0],
  };
}

/** Where the README says how a claim is created and filled. */
const CLAIM_STEPS = '../../README.md#quickstart-an-agent-in-a-running-pod';

function example(profile: Profile): string {
  const { namespace, delivery, gets, claim } = exampleOf(profile);
  return `${namespace}
In a pod that is created in this namespace, the container \`web\` gets the following. The files are delivered by \`${delivery}\`:

${gets}${claim === undefined ? '' : `\nThe claim \`${claim}\` must exist in the namespace, with the agent's files in it. [Step 3 of the quickstart](${CLAIM_STEPS}) creates one and fills it with a Job, by [manifests for JENNIFER .NET](../../deploy/examples/jennifer-dotnet) that you can adapt${claim === 'my-agent-file' ? '' : `: the claim's name in both, the image of the Job, and the path and the file that it tests`}.\n`}`;
}

function block(value: unknown): string {
  return `\`\`\`yaml\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}\`\`\`\n`;
}

function section(title: string, text: string): string {
  return text === '' ? '' : `\n## ${title}\n\n${text}\n`;
}

function rows(title: string, head: readonly string[], cells: readonly (readonly string[])[], before = ''): string {
  return section(title, cells.length === 0 ? '' : before + table(head, cells));
}

function page(profile: Profile): string {
  const summary = profileSummary(profile, STRICT);
  const { name, vendor, description, documentation, constraints, slots } = summary;
  const link = documentation === undefined ? vendor : `[${vendor}](${documentation})`;
  const taken = slots.map((slot) => `\`${slot}\`: ${catalogue.slots.get(slot)?.description ?? slot}`).join('; ');
  return `# ${name}

<!-- Made from src/agents/${name}.yaml: UPDATE_DOCS=1 npx vitest run test/docs -->

${vendor === 'JenniferSoft' ? `English · [日本語](${name}.ja.md) · [한국어](${name}.ko.md)\n\n` : ''}${description} By ${link}. Runs on ${constraintsText(constraints)}.${taken === '' ? '' : `\nOccupies a slot that only one agent can take. ${taken}.`}

## Use it

${example(profile)}${tablesOf(summary)}${section('Sources', summary.sources.map((source) => `- ${linked(source)}`).join('\n'))}`;
}

function tablesOf(summary: ProfileSummary): string {
  return [
    rows(
      'Parameters',
      ['annotation', 'value', 'default', 'set by', 'meaning'],
      summary.parameters.map((one) => [
        code(`agent-injector.io/${one.name}`),
        one.from
          ? `${one.expected}, also by ${one.from.map((fact) => code(fact)).join(' or ')} of the pod`
          : one.expected,
        one.required ? 'required' : code(one.default ?? ''),
        one.settableBy.length === allPlaces ? 'all' : one.settableBy.join(', '),
        one.description,
      ]),
      `A parameter that only the cluster sets is a default of the server: ${code('defaults')} in [its configuration](../reference/settings.md#settings-of-the-server) and in the chart, for ` +
        `this profile alone as ${code(`NAME.${summary.name}`)}. [Who may set what](../operations.md#many-tenants) can be changed for the cluster.\n\n`,
    ),
    rows(
      'Deliveries',
      ['name', 'kind', 'fits'],
      summary.deliveries.map((one) => [code(one.name), code(one.kind), deliveryNeedsText(one) || 'always']),
      'The first delivery that fits is chosen, unless `agent-injector.io/delivery` names another.\n\n',
    ),
    rows('Files', ['path', 'content'], fileRows(summary)),
    rows(
      'Variables',
      ['variable', 'value', 'if the pod already sets it'],
      summary.environment.map((one) => [
        code(one.name),
        `${code(one.value)}${one.when === undefined ? '' : ` if ${one.when}`}`,
        operationText(one),
      ]),
    ),
    adviceRows('Conflicts', 'A container to which one of these applies is left as it is.', summary.conflicts),
    adviceRows('Advisories', 'The agent is injected, and a warning with the message is given.', summary.advisories),
    signsOf(summary),
  ].join('');
}

function signsOf({ signsOfLife: signs }: ProfileSummary): string {
  if (!signs) return '';
  const { alive, unknown, failed, within } = signs;
  const before = `What ${code('agent-injector verify')} [looks for](../profile-language.md#signs-of-life) in a container, within ${within} s of its start.\n\n`;
  if (alive.length === 0 && failed.length === 0) return section('Signs of life', `Not known: ${unknown}.`);
  const rowsOf = (means: string, texts: readonly string[]): readonly (readonly string[])[] =>
    texts.map((text) => [text, means]);
  const note = unknown === undefined ? '' : `What shows that the agent works is not known: ${unknown}.\n\n`;
  return rows(
    'Signs of life',
    ['sign', 'means'],
    [...rowsOf('alive', alive), ...rowsOf('failed', failed)],
    note + before,
  );
}

function fileRows({ mounts, files, objects, writablePaths }: ProfileSummary): readonly (readonly string[])[] {
  const where = (when: string | undefined): string => (when === undefined ? '' : `, if ${when}`);
  return [
    ...mounts.map(({ path, subPath }) => [
      code(path),
      `the agent's files${subPath === undefined ? '' : `, only ${code(subPath)}`}`,
    ]),
    ...files.map(({ path, when }) => [code(path), `a configuration file${where(when)}`]),
    ...objects.map(({ path, object, when }) => [code(path), `${object}, if it exists${where(when)}`]),
    ...writablePaths.map(({ path, sizeLimit, when }) => [
      code(path),
      `an empty, writable directory of at most ${sizeLimit}${where(when)}`,
    ]),
  ];
}

function adviceRows(title: string, before: string, advice: readonly NoteSummary[]): string {
  return rows(
    title,
    ['code', 'recognized by', 'message'],
    advice.map(({ code: name, match, message }) => [code(name), match.join(' and '), message]),
    `${before}\n\n`,
  );
}
