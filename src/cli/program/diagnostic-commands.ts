import { type Command, Option } from 'commander';
import type { AuditOptions } from '../audit.ts';
import type { ExplainOptions } from '../explain/options.ts';
import type { PlanOptions } from '../plan.ts';
import type { PreflightOptions } from '../preflight.ts';
import type { StatusOptions } from '../status/status.ts';
import type { VerifyOptions } from '../verify/verify.ts';
import {
  addCommand,
  collect,
  durationInSeconds,
  flagTexts,
  outputOption,
  print,
  withNamespaceFlags,
} from './command.ts';

export function addDiagnosticCommands(program: Command): void {
  addExplain(program);
  addStatus(program);
  addVerify(program);
  addAudit(program);
  addPlan(program);
  addPreflight(program);
}

function addExplain(program: Command): void {
  const command = addCommand(program, 'explain', {
    summary: 'Explain why a pod gets an agent or does not',
    description:
      'Explains why a pod gets an agent or does not: each check in order, where each setting comes from, and what would change in the pod. ' +
      'The decision is made by the same code as in the server.',
    examples: [
      ['Explain the pods of a Deployment', 'explain deploy/web -n shop'],
      ['Explain a manifest file without a cluster', 'explain -f deploy.yaml --namespaces namespaces.yaml'],
      ['Explain a recorded AdmissionReview, as JSON', 'explain --review review.json -o json'],
    ],
  })
    .argument('[KIND/NAME]', 'Pod or workload in the cluster, such as pod/web-1, deploy/web or sts/db.')
    .option('-f, --file <FILE>', 'Manifest file to explain instead, or - for standard input.')
    .option('--review <FILE>', 'Recorded AdmissionReview (JSON) to explain instead, or - for standard input.')
    .option(
      '--server-dry-run',
      'Also send the pod, as it would be, to the API server, as a dry run. Only with KIND/NAME.',
    )
    .option('-n, --namespace <NAMESPACE>', 'Namespace of KIND/NAME, or of objects that do not specify one.', 'default')
    .option('--namespaces <FILE>', `${flagTexts.namespaces} Not with KIND/NAME.`)
    .option('--profile <NAMES>', `${flagTexts.profile} Not with KIND/NAME.`)
    .option('--set <KEY=VALUE>', `${flagTexts.set} Not with KIND/NAME.`, collect)
    .option('--kubernetes <VERSION>', `${flagTexts.kubernetes} Not with KIND/NAME.`)
    .option('--revision <REVISION>', `${flagTexts.revision} Not with KIND/NAME.`);
  withClusterFlags(command).action(async (target: string | undefined, flags: Omit<ExplainOptions, 'target'>) => {
    const { explain } = await import('../explain/explain.ts');
    print(await explain({ ...flags, target }));
  });
}

function addStatus(program: Command): void {
  const command = addCommand(program, 'status', {
    summary: 'Show which pods have an agent, by workload',
    description:
      'Shows for each workload how many of its pods carry an agent, which profile and version, how many are outdated, and why others have none. ' +
      'Works with your own rights, and says what could not be read.',
    examples: [
      ['Show the workloads of a namespace', 'status -n shop'],
      ['Show all workloads, with versions, deliveries and next steps', 'status -A -o wide'],
      ['Watch a rollout', 'status -n shop -w'],
    ],
  })
    .option('-w, --watch', 'Show it again whenever it has changed, until interrupted.')
    .addOption(
      new Option('-o, --output <FORMAT>', 'Output format.').choices(['text', 'wide', 'json', 'yaml']).default('text'),
    );
  withInputFlags(withNamespaceFlags(command)).action(async ({ watch, ...flags }: StatusOptions & Watched) => {
    const { status } = await import('../status/status.ts');
    if (!watch) return print(await status(flags));
    const { printChanges } = await import('./watch.ts');
    return printChanges(() => status(flags));
  });
}

interface Watched {
  readonly watch?: boolean;
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
    .argument('<KIND/NAME>', 'Pod or workload in the cluster, such as pod/web-1, deploy/web or sts/db.')
    .option('-n, --namespace <NAMESPACE>', 'Namespace of KIND/NAME.', 'default')
    .option('--wait', 'Look again until the agent is alive or it is clear that it is not.')
    .option('--timeout <DURATION>', 'How long to wait, such as 90s or 5m.', durationInSeconds, 180)
    .option(
      '--debug-image <IMAGE>',
      'Run ls and cat in an ephemeral container of this image instead. It ends by itself, but cannot be removed from the pod.',
    );
  withInputFlags(command)
    .addOption(outputOption('json', 'yaml'))
    .action(async (target: string, flags: Omit<VerifyOptions, 'target'>) => {
      const { verify } = await import('../verify/verify.ts');
      print(await verify({ ...flags, target }));
    });
}

function addAudit(program: Command): void {
  const command = addCommand(program, 'audit', {
    summary: 'Find pods whose agent is missing, outdated or not wanted',
    description:
      'Compares the pods of a cluster with what the server would decide now, and prints the commands that fix the differences: pods whose ' +
      'agent is missing, outdated or not wanted, or shares a process with another one, workloads whose pods cannot be created, ' +
      'PersistentVolumeClaims that do not exist, and values that are shared or used too often. ' +
      'Exit code 1 if anything is found.',
    examples: [
      ['Audit a namespace', 'audit -n shop'],
      ['Audit the whole cluster', 'audit -A'],
    ],
  });
  withClusterFlags(withNamespaceFlags(command)).action(async (flags: AuditOptions) => {
    const { audit } = await import('../audit.ts');
    print(await audit(flags));
  });
}

function addPlan(program: Command): void {
  const command = addCommand(program, 'plan', {
    summary: 'Preview what a changed profile or namespace label would do',
    description:
      'Shows what would happen to each existing workload if you changed a profile or labeled a namespace. Exit code 1 if a workload would ' +
      'lose its agent, have a conflict or be rejected.',
    examples: [
      ['Preview a changed profile in all namespaces', 'plan --profile-file acme.yaml -A'],
      [
        'Preview enabling a namespace, and ask the API server about each changed pod',
        'plan --label-namespace shop --server-dry-run',
      ],
    ],
  })
    .option('--profile-file <FILE>', 'Profiles to add or replace, or - for standard input.')
    .option('--label-namespace <NAMESPACE>', 'Namespace to label with agent-injector.io/injection=enabled.')
    .option('--server-dry-run', 'Also send each changed pod to the API server, as a dry run. Nothing is created.');
  withClusterFlags(withNamespaceFlags(command)).action(async (flags: PlanOptions) => {
    const { plan } = await import('../plan.ts');
    print(await plan(flags));
  });
}

function addPreflight(program: Command): void {
  const command = addCommand(program, 'preflight', {
    summary: 'Check whether a cluster can run agent-injector',
    description:
      'Checks whether a cluster can run agent-injector, and whether an installed one works: Kubernetes version, deliveries, permissions, ' +
      'other injectors, policies, Pod Security, PersistentVolumeClaims, and a pod that is created as a dry run. Exit code 1 if a check fails.',
    examples: [['Check the current cluster', 'preflight']],
  });
  withClusterFlags(command).action(async (flags: PreflightOptions) => {
    const { preflight } = await import('../preflight.ts');
    print(await preflight(flags));
  });
}

function withClusterFlags(command: Command): Command {
  return withInputFlags(command).addOption(outputOption('json'));
}

function withInputFlags(command: Command): Command {
  return command
    .option('--kubeconfig <FILE>', flagTexts.kubeconfig)
    .option('--config <FILE>', `${flagTexts.config} Default with a cluster: the installed server's configuration.`)
    .option('--profiles <DIR>', flagTexts.profiles);
}
