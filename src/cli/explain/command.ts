import { type Command, Option } from 'commander';
import type { ExplainOptions } from './options.ts';

type Flags = Omit<ExplainOptions, 'target' | 'set'> & { readonly set?: readonly string[] };

/** Adds `explain` to the command line. */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .argument('[KIND/NAME]', 'a pod or workload of the cluster: pod/web-1, deploy/web, sts/db, job/x …')
    .description(
      'Says why a pod gets the agent or does not: what is asked, in order, who said what, and what would change. It decides by the code of ' +
        'the server. Of the cluster it only reads.',
    )
    .option('-f, --file <FILE>', 'explain all pods and workloads of a file instead; - is standard input')
    .option('--review <FILE>', 'explain a recorded AdmissionReview (JSON) instead')
    .option('-n, --namespace <NAME>', 'namespace of what is named, or of objects of the file that name none', 'default')
    .option('--kubeconfig <FILE>', 'as kubectl has it; default: KUBECONFIG, then ~/.kube/config')
    .option('--namespaces <FILE>', 'with a file or a review: Namespace manifests to go by')
    .option(
      '--config <FILE>',
      "a server's configuration file; on a cluster, that of the installed server is read without it",
    )
    .option('--profiles <DIR>', 'profiles of your own, as the server has them')
    .option('--kubernetes <VERSION>', 'with a file or a review: version of the API server, such as 1.36')
    .option(
      '--profile <NAMES>',
      'with a file or a review: as if the namespace had the annotation agent-injector.io/profile',
    )
    .option(
      '--set <KEY=VALUE>',
      'with a file or a review: as if the namespace had the annotation agent-injector.io/KEY',
      collect,
    )
    .addOption(output())
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  agent-injector explain deploy/web -n shop
  agent-injector explain -f deploy.yaml --namespaces namespaces.yaml
  agent-injector explain --review review.json -o json`,
    )
    .action(async (target: string | undefined, flags: Flags) => {
      const { explain } = await import('./explain.ts');
      process.stdout.write(await explain({ ...flags, target, set: flags.set ?? [] }));
    });
}

/** Gathers an option that may be given again. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `-o`: how the output is written. */
export function output(): Option {
  return new Option('-o, --output <FORMAT>', 'for people or for programs').choices(['text', 'json']).default('text');
}
