import { type Command, Option } from 'commander';
import { UsageError } from '../../lib/usage-error.ts';
import type { AuditOptions } from '../audit/audit.ts';
import type { DumpOptions } from '../dump/dump.ts';
import type { ExplainOptions } from '../explain/options.ts';
import type { PlanOptions } from '../plan/survey.ts';
import type { CheckOptions } from '../check/check.ts';
import type { StatusOptions } from '../status/status.ts';
import type { VerifyOptions } from '../verify/verify.ts';
import {
  withClusterFlags,
  withContextNamespace,
  withInputFlags,
  withNamespaceFlags,
  withSelectorFlag,
} from './cluster-flags.ts';
import { addUi } from './ui-command.ts';
import { printResult, type Watched, withWatchFlag } from './watch.ts';
import { addCommand, collect, durationInSeconds, flagTexts, listOption, outputOption, print } from './command.ts';

export function addDiagnosticCommands(program: Command): void {
  addExplain(program);
  addStatus(program);
  addVerify(program);
  addAudit(program);
  addPlan(program);
  addCheck(program);
  addDump(program);
  addUi(program);
}

function addExplain(program: Command): void {
  const command = addCommand(program, 'explain', {
    summary: 'Explain why a pod gets an agent or does not',
    description:
      'Explains why a pod gets an agent or does not: each check in order, where each setting comes from, and what would change in the pod. ' +
      'The decision is made by the same code as in the server.',
    examples: [
      ['Explain the pods of a Deployment', 'explain deploy/web -n shop'],
      ['Explain the workload of that name in the namespace of the context', 'explain web'],
      ['Explain all workloads with a label, in all namespaces', 'explain -l app=web -A'],
      ['Explain a manifest file without a cluster', 'explain -f deploy.yaml --namespaces namespaces.yaml'],
      ['Explain a recorded AdmissionReview, as JSON', 'explain --review review.json -o json'],
    ],
  })
    .argument(
      '[TARGET...]',
      'Pods or workloads in the cluster, as kubectl names them: deploy/web, deploy web, deploy for all of them; or web, of any kind.',
    )
    .option('-f, --file <FILE>', `${flagTexts.files} They are explained instead. Can be repeated.`, collect)
    .option('-R, --recursive', flagTexts.recursive)
    .option('--review <FILE>', 'Recorded AdmissionReview (JSON) to explain instead, or - for standard input.')
    .option('--all', 'Show every check that holds, too.')
    .option('--server-dry-run', 'Also send the pod, as it would be, to the API server, as a dry run. Only with TARGET.')
    .option('--namespaces <FILE>', `${flagTexts.namespaces} Not with TARGET.`)
    .option('--profile <NAMES>', `${flagTexts.profile} Not with TARGET.`)
    .option('--set <KEY=VALUE>', `${flagTexts.set} Not with TARGET.`, collect)
    .option('--kubernetes <VERSION>', `${flagTexts.kubernetes} Not with TARGET.`)
    .option('--revision <REVISION>', `${flagTexts.revision} Not with TARGET.`)
    .option('--image-facts <FILE>', `${flagTexts.imageFacts} Not with TARGET.`)
    .option('--images', `${flagTexts.images} Not with TARGET.`);
  withContextNamespace(command, 'Namespace of TARGET, or of objects that do not specify one.').option(
    '-A, --all-namespaces',
    'Explain what the selector or the kind names in all namespaces.',
  );
  withClusterFlags(withSelectorFlag(withWatchFlag(command))).action(
    async (targets: readonly string[], { watch, ...flags }: Omit<ExplainOptions, 'targets'> & Watched) => {
      const { explain } = await import('../explain/explain.ts');
      if (watch && (flags.file !== undefined || flags.review !== undefined))
        throw new UsageError(['--watch looks at a cluster: it cannot be used with --file or --review']);
      return printResult({ watch }, () => explain({ ...flags, targets }));
    },
  );
}

function addStatus(program: Command): void {
  const command = addCommand(program, 'status', {
    summary: 'Show which pods have an agent, by workload',
    description:
      'Shows for each workload how many of its pods carry an agent, which profile and version, how many are outdated, what became of them, whether a ' +
      'circuit breaker is open, and why others have none. ' +
      'Works with your own rights, and says what could not be read.',
    examples: [
      ['Show the workloads of a namespace', 'status -n shop'],
      ['Show all workloads, with versions, deliveries and next steps', 'status -A -o wide'],
      ['Watch a rollout', 'status -n shop -w'],
      ['Look for signs of life, too', 'status -n shop --verify'],
    ],
  })
    .option(
      '--verify',
      'Look for signs of life of the agent, as verify does, in up to 5 pods of each workload that run, and 100 in all. Reads logs and runs ls and cat.',
    )
    .addOption(listOption('wide', 'json', 'yaml'));
  withInputFlags(withSelectorFlag(withNamespaceFlags(withWatchFlag(command)))).action(
    async ({ watch, ...flags }: StatusOptions & Watched) => {
      if (watch && flags.verify)
        throw new UsageError(['--verify cannot be combined with --watch: it runs commands in containers']);
      const { status } = await import('../status/status.ts');
      return printResult({ watch }, () => status(flags));
    },
  );
}

function addVerify(program: Command): void {
  const command = addCommand(program, 'verify', {
    summary: 'Check whether the agent is alive in a pod or a workload',
    description:
      'Checks whether the agent is alive: whether the pods carry it, whether their containers run, and whether they show the signs of life of its ' +
      'profile. Reads logs and runs ls and cat in containers, with your own rights. Exit code 0 if it is alive, 1 if not, 3 if that could not be seen.',
    examples: [
      ['Verify the pods of a Deployment', 'verify deploy/web -n shop'],
      ['Wait in CI, after kubectl rollout status', 'verify deploy/web -n shop --wait --timeout 5m'],
      ['Look into an image without ls and cat', 'verify pod/web-1 -n shop --debug-image busybox:1.37'],
    ],
  })
    .argument(
      '<TARGET...>',
      'Pod or workload in the cluster, as kubectl names it: pod/web-1, deploy web; or web, of any kind.',
    )
    .option('--wait', 'Look again until the agent is alive or it is clear that it is not.')
    .addOption(
      new Option('--timeout <DURATION>', 'With --wait: how long to wait, such as 90s or 5m.')
        .argParser(durationInSeconds)
        .default(180, '3m'),
    )
    .option(
      '--debug-image <IMAGE>',
      'Run ls and cat in an ephemeral container of this image instead. It ends by itself, but cannot be removed from the pod.',
    );
  withClusterFlags(withContextNamespace(command, 'Namespace of TARGET.')).action(
    async (targets: readonly string[], flags: Omit<VerifyOptions, 'targets'>) => {
      const { verify } = await import('../verify/verify.ts');
      print(await verify({ ...flags, targets }));
    },
  );
}

function addAudit(program: Command): void {
  const command = addCommand(program, 'audit', {
    summary: 'Find pods whose agent is missing, outdated or not wanted',
    description:
      'Compares the pods of a cluster with what the server would decide now, and prints the commands that fix the differences: pods whose ' +
      'agent is missing, outdated or not wanted, or shares a process with another one, workloads whose pods cannot be created, ' +
      'namespaces and settings that are misspelled, PersistentVolumeClaims that do not exist, and values that are shared or used too often. ' +
      'Exit code 1 if anything is found.',
    examples: [
      ['Audit a namespace', 'audit -n shop'],
      ['Audit the whole cluster', 'audit -A'],
      ['Fail only where pods cannot be created', 'audit -A --fail-on not-created'],
    ],
  })
    .option(
      '--suppress <CODES>',
      'Kinds of findings or reason codes to leave out, comma-separated. Can be repeated.',
      collect,
    )
    .option(
      '--fail-on <CODES>',
      'Kinds or codes for which the exit code is 1. Default: all. Can be repeated.',
      collect,
    );
  withInputFlags(withSelectorFlag(withNamespaceFlags(withWatchFlag(command))))
    .addOption(outputOption('table', 'wide', 'json', 'yaml'))
    .action(async ({ watch, ...flags }: AuditOptions & Watched) => {
      const { audit } = await import('../audit/audit.ts');
      return printResult({ watch }, () => audit(flags));
    });
}

function addPlan(program: Command): void {
  const command = addCommand(program, 'plan', {
    summary: 'Preview what a changed profile or namespace would do',
    description:
      'Shows what would change for each existing workload if you changed a profile, labeled a namespace or set an annotation of it, variable ' +
      'by variable. Exit code 1 if a workload would lose its agent, be refused, or be asked for an agent that it cannot get.',
    examples: [
      ['Preview a changed profile in all namespaces', 'plan --profile-file acme.yaml -A'],
      [
        'Preview enabling a namespace, and ask the API server about each changed pod',
        'plan --label-namespace shop --server-dry-run',
      ],
      ['Preview a setting before it is set', 'plan -n shop --set domain-id=2000'],
    ],
  })
    .option('--profile-file <FILE>', 'Profiles to add or replace, or - for standard input.')
    .option('--label-namespace <NAMESPACE>', 'Namespace to label with agent-injector.io/injection=enabled.')
    .option(
      '--set <KEY=VALUE>',
      'Annotation agent-injector.io/KEY that the namespaces would have. Can be repeated.',
      collect,
    )
    .option('--server-dry-run', 'Also send each changed pod to the API server, as a dry run. Nothing is created.');
  withInputFlags(withSelectorFlag(withNamespaceFlags(command)))
    .addOption(outputOption('table', 'wide', 'json', 'yaml'))
    .action(async (flags: PlanOptions) => {
      const { plan } = await import('../plan/plan.ts');
      print(await plan(flags));
    });
}

function addCheck(program: Command): void {
  const command = addCommand(program, 'check', {
    summary: 'Check the cluster, the servers and the namespaces',
    description:
      'Checks the cluster, the servers and their replicas, the configuration and your own profiles, the certificates, and the namespaces that ' +
      'are opted in; with --namespace, also the pods of one. Creates nothing: pods are sent as dry runs. Exit code 1 if a check fails.',
    examples: [
      ['Check whether agent-injector can be installed in this cluster', 'check --pre'],
      ['Check an installation, and wait until it works', 'check --wait'],
      ['Check an installation and one namespace', 'check -n shop'],
    ],
  })
    .option('--pre', 'Check only what an installation needs.')
    .addOption(new Option('--wait [DURATION]', 'Repeat until no check fails, at most this long (5m).').preset('5m'))
    .option('-n, --namespace <NAMESPACE>', 'Also check the pods of this namespace.');
  withClusterFlags(command).action(async (flags: CheckOptions) => {
    const { check } = await import('../check/check.ts');
    print(await check(flags));
  });
}

function addDump(program: Command): void {
  const command = addCommand(program, 'dump', {
    summary: 'Collect what a report of a defect needs, without secrets',
    description:
      'Prints the versions, all checks, the webhook configurations, the Deployment, pods, Events and configuration of each server, and the ' +
      'namespaces that are opted in. Secrets are not read. Left out are values whose names say that they are secret (in your own profiles, too), ' +
      'users in URLs, and the contents of configuration files.',
    examples: [['Write a support bundle', 'dump > agent-injector-dump.yaml']],
  }).addOption(new Option('-o, --output <FORMAT>', 'Output format.').choices(['yaml', 'json']).default('yaml'));
  withInputFlags(command).action(async (flags: DumpOptions) => {
    const { dump } = await import('../dump/dump.ts');
    print(await dump(flags));
  });
}
