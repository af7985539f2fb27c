import type { Command } from 'commander';
import type { AuditOptions } from './audit.ts';
import { output } from './explain/command.ts';
import type { PlanOptions } from './plan.ts';
import type { PreflightOptions } from './preflight.ts';

interface ScopeFlags {
  readonly allNamespaces?: boolean;
}

function withCluster(command: Command): Command {
  return command
    .option('--kubeconfig <FILE>', 'as kubectl has it; default: KUBECONFIG, then ~/.kube/config')
    .option('--config <FILE>', "a server's configuration file; that of the installed server is read without it")
    .option('--profiles <DIR>', 'profiles of your own, as the server has them')
    .addOption(output())
    .exitOverride();
}

function withScope(command: Command): Command {
  return command
    .option('-n, --namespace <NAME>', 'the namespace to look at', 'default')
    .option('-A, --all-namespaces', 'look at all namespaces');
}

function print({ output: text, exitCode }: { readonly output: string; readonly exitCode: 0 | 1 }): void {
  process.stdout.write(text);
  process.exitCode = exitCode;
}

/** Adds the commands that look at a whole cluster: audit, plan and preflight. None of them changes anything. */
export function addClusterCommands(program: Command): void {
  withCluster(withScope(program.command('audit')))
    .description(
      'Finds pods that should carry an agent and do not, carry an outdated one, or carry one though their namespace is off; claims that are ' +
        'missing; domains shared or crowded. Prints the commands that would mend it. Exit code 1 when something is found.',
    )
    .action(async (flags: Omit<AuditOptions, 'allNamespaces'> & ScopeFlags) => {
      const { audit } = await import('./audit.ts');
      print(await audit({ ...flags, allNamespaces: flags.allNamespaces ?? false }));
    });
  withCluster(withScope(program.command('plan')))
    .description(
      'Says what would become of every workload that is there, before a profile or a label is changed. Exit code 1 when something would ' +
        'lose its agent, be in conflict or be refused.',
    )
    .option('--profile-file <FILE>', 'profiles as they would be')
    .option('--label-namespace <NAME>', 'a namespace that would be labelled agent-injector.io/injection=enabled')
    .option('--server-dry-run', 'ask the API server about each pod that would change: nothing is made')
    .action(
      async (flags: Omit<PlanOptions, 'allNamespaces' | 'serverDryRun'> & ScopeFlags & { serverDryRun?: boolean }) => {
        const { plan } = await import('./plan.ts');
        const { allNamespaces = false, serverDryRun = false } = flags;
        print(await plan({ ...flags, allNamespaces, serverDryRun }));
      },
    );
  withCluster(program.command('preflight'))
    .description(
      'Says whether this cluster can run agent-injector, and whether it does: versions, deliveries, permissions, other injectors, Pod ' +
        'Security, claims, and a pod made as a dry run. Exit code 1 when something stands in the way.',
    )
    .action(async (flags: PreflightOptions) => {
      const { preflight } = await import('./preflight.ts');
      print(await preflight(flags));
    });
}
