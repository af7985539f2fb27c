import { PROFILE_API_VERSION, PROFILE_KIND } from '../../api/keys.ts';
import { isDnsLabel } from '../../kubernetes/names.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { CommandResult } from '../command-result.ts';
import type { Language } from '../program/names.ts';
import { type LanguageRow, languageRows } from './languages.ts';

/** Prints a profile to start from, which passes lint with its tests. Throws a UsageError for a name that no profile can have. */
export function newProfile(language: Language, name = `acme-${language}`): CommandResult {
  if (!isDnsLabel(name))
    throw new UsageError([`"${name}" must be lowercase letters, digits and dashes, such as acme-${language}`]);
  const directory = `/${name}`;
  const text = documentOf(name, language, languageRows[language]).replaceAll('%DIR%', directory);
  return { output: { kind: 'document', text }, exitCode: 0 };
}

function documentOf(name: string, language: Language, row: LanguageRow): string {
  return `${profileOf(name, language, row)}${testsOf(name, row)}`;
}

/** The prefix of the agent's variables. */
function prefixOf(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function profileOf(name: string, language: Language, row: LanguageRow): string {
  const prefix = prefixOf(name);
  return `# TODO marks what to replace. Check it with: agent-injector lint ${name}.yaml
apiVersion: ${PROFILE_API_VERSION}
kind: ${PROFILE_KIND}
metadata:
  name: ${name}
spec:
  vendor: TODO
  description: TODO agent for ${language}.
  language: ${language}
  constraints:
    os: [linux]
  # One agent only has this place in a process.
  slots: [${row.slot}]
  parameters:
    # TODO: what the agent must be told.
    - name: collector
      type: url
      required: true
      description: The collector that the agent reports to, such as http://collector.monitoring:4000.
  # The first one that the cluster and the pod allow is used.
  deliveries:
    # TODO: the image with the agent's files, and where they are in it.
    - image:
        reference: registry.example.com/${name}:1.0.0
        subPath: agent
    - initContainer:
        image: registry.example.com/${name}:1.0.0
        command: [cp, -r, /agent/., /files]
        copyTo: /files
  mounts:
    - path: %DIR%
  environment:
${row.environment.map(entry).join('\n')}
    # TODO: the variables of the agent.
    - name: ${prefix}_COLLECTOR
      value: \${collector}
    - name: ${prefix}_SERVICE
      value: \${pod.workload}
  # TODO: what the log of the app shows once the agent works. agent-injector verify looks for it.
  signsOfLife:
    alive:
      - {log: {contains: ${name} started}}
`;
}

function testsOf(name: string, row: LanguageRow): string {
  const [variable, expected] = row.expected;
  const prefix = prefixOf(name);
  return `  tests:
    - name: a plain pod
      namespace: {collector: "http://collector.monitoring:4000"}
      expect:
        outcome: injected
        delivery: initContainer
        mounts: [%DIR%]
        environment:
          ${variable}: ${expected}
          ${prefix}_COLLECTOR: http://collector.monitoring:4000
          ${prefix}_SERVICE: app
    - name: a cluster with image volumes
      kubernetes: "1.36"
      namespace: {collector: "http://collector.monitoring:4000", image-volumes: "on"}
      expect: {outcome: injected, delivery: image, mounts: [%DIR%]}
    - name: the app's own value stays
      namespace: {collector: "http://collector.monitoring:4000"}
      pod:
        spec:
          containers:
            - name: app
              env: [{name: ${variable}, value: "${row.own.value}"}]
      expect:
        outcome: injected
        environment:
          ${variable}: "${row.own.expected}"
    - name: not without a collector
      expect: {outcome: skipped, reason: missing-parameter}
`;
}

function entry([first = '', ...lines]: readonly string[]): string {
  return [`    - ${first}`, ...lines.map((line) => `      ${line}`)].join('\n');
}
