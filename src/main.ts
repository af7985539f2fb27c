import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { basename } from 'node:path';
import { addClusterCommands } from './cli/cluster-commands.ts';
import { addExplain, collect } from './cli/explain/command.ts';
import type { InjectOptions } from './cli/inject.ts';
import { addUninject } from './cli/uninject-command.ts';
import { readConfig } from './config/config.ts';
import { flagOf, type SettingName, settingNames, settingRows, defaultSettings, variableOf } from './config/options.ts';
import { UsageError } from './lib/usage-error.ts';
import './server/early-signals.ts';

/** kubectl runs its plugins by a name of their own. */
function nameOf(path = ''): string {
  return basename(path).startsWith('kubectl-') ? 'kubectl agent-injector' : 'agent-injector';
}

const program: Command = new Command(nameOf(process.argv[1]))
  .description('Puts an APM agent into Kubernetes pods: as an admission webhook, or into a file.')
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('(agent-injector --help shows what there is)')
  .addHelpText(
    'after',
    `
Examples:
  agent-injector serve                                    a server for this machine, with fresh certificates in certs/
  agent-injector inject -f deploy.yaml --set server-address=jennifer.example.com | kubectl apply -f -
  agent-injector inject -f deploy.yaml --namespaces namespaces.yaml --diff
  agent-injector profiles jennifer-dotnet                 what can be set for an agent, and what it does to a pod
  agent-injector lint profiles/                           checks agents of your own, and runs the tests in them
  agent-injector explain deploy/web -n shop               why its pods get the agent, or do not
  agent-injector audit -A                                 pods that should carry an agent and do not, and how to mend it
  agent-injector certs --kubeconfig ~/.kube/config --tls-secret apm/agent-injector-tls --webhook-configuration agent-injector`,
  );

const serve: Command = program
  .command('serve')
  .description('Answers AdmissionReviews over HTTPS until SIGTERM. Every option is an environment variable, too.')
  .exitOverride()
  .action(async (flags: Record<string, string>) => {
    const command = await import('./server/serve.ts');
    await command.serve(readConfig(flags));
  });

for (const name of settingNames) serve.addOption(settingOption(name));

function settingOption(name: SettingName): Option {
  const { placeholder, description } = settingRows[name];
  const standard = defaultSettings[name] === undefined ? '' : `, default ${defaultSettings[name]}`;
  return new Option(`--${flagOf(name)} <${placeholder}>`, `${description} (${variableOf(name)}${standard})`);
}

const certsCommand: Command = program
  .command('certs')
  .description(
    'Shows the certificate in force, its authorities, and which webhook entries would take it. ' +
      'Exit code 1 when something is wrong with them.',
  )
  .exitOverride()
  .action(async (flags: Record<string, string>) => {
    const read = readConfig(flags, undefined, 'read');
    if (!read.ok) throw new UsageError(read.error.problems);
    const { certs } = await import('./cli/certs.ts');
    const { output, problems } = await certs(read.value, new Date());
    process.stdout.write(output);
    process.stderr.write(problems.map((problem) => `agent-injector: ${problem}\n`).join(''));
    process.exitCode = problems.length === 0 ? 0 : 1;
  });

for (const name of ['kubeconfig', 'tlsDir', 'tlsSecret', 'webhookConfiguration'] as const) {
  certsCommand.addOption(settingOption(name));
}

interface InjectFlags extends Omit<InjectOptions, 'diff' | 'set'> {
  readonly set?: readonly string[];
  readonly diff?: boolean;
}

program
  .command('inject')
  .description(
    'Injects the pods and workloads of a YAML file, as the server would, and prints the file. All else in it stays as it is.',
  )
  .requiredOption('-f, --file <FILE>', 'manifests to read; - is standard input', once)
  .option('-n, --namespace <NAME>', 'namespace of objects that name none', 'default')
  .option('--namespaces <FILE>', 'Namespace manifests to go by; without them, every namespace counts as opted in')
  .option('--config <FILE>', "a server's configuration file, for its cluster-wide defaults")
  .option('--profiles <DIR>', 'directory of AgentProfile documents beside the built-in ones')
  .option('--kubernetes <VERSION>', 'version of the API server, such as 1.36; without it, nothing counts on one')
  .option('--profile <NAMES>', 'as if the namespace had the annotation agent-injector.io/profile')
  .option(
    '--set <KEY=VALUE>',
    'as if the namespace had the annotation agent-injector.io/KEY; may be given again',
    collect,
  )
  .option('--diff', 'print what would change instead of the whole file')
  .exitOverride()
  .action(async (flags: InjectFlags) => {
    const { inject } = await import('./cli/inject.ts');
    const result = await inject({ ...flags, set: flags.set ?? [], diff: flags.diff ?? false });
    process.stdout.write(result.output);
    process.stderr.write(result.messages.map((message) => `${message}\n`).join(''));
    process.exitCode = result.exitCode;
  });

interface LintFlags {
  readonly strict?: boolean;
  readonly output: 'text' | 'json';
}

program
  .command('lint')
  .description(
    'Checks AgentProfiles as a server would read them, and runs the tests in them. Exit code 1 when something is wrong.',
  )
  .argument(
    '[PATH...]',
    'files, directories (their *.yaml and *.yml), or - for standard input; none: the built-in profiles',
  )
  .option('--strict', 'warnings count, too; images are to be pinned by digest, and profiles to have tests')
  .addOption(
    new Option('-o, --output <FORMAT>', 'for people or for programs').choices(['text', 'json']).default('text'),
  )
  .exitOverride()
  .action(async (paths: readonly string[], flags: LintFlags) => {
    const { lint } = await import('./cli/lint/lint.ts');
    const { output, exitCode } = await lint({ paths, strict: flags.strict ?? false, output: flags.output });
    process.stdout.write(output);
    process.exitCode = exitCode;
  });

interface ProfilesFlags {
  readonly profiles?: string;
  readonly output: 'text' | 'json' | 'yaml';
}

program
  .command('profiles')
  .description('Lists the agents that there are, or shows one: its parameters, deliveries, variables and conflicts.')
  .argument('[NAME]', 'a profile')
  .option('--profiles <DIR>', 'directory of AgentProfile documents beside the built-in ones')
  .addOption(
    new Option('-o, --output <FORMAT>', 'for people or for programs').choices(['text', 'json', 'yaml']).default('text'),
  )
  .exitOverride()
  .action(async (name: string | undefined, flags: ProfilesFlags) => {
    const { profiles } = await import('./cli/profiles/profiles.ts');
    process.stdout.write(await profiles({ name, profiles: flags.profiles, output: flags.output }));
  });

addExplain(program);

addUninject(program);

addClusterCommands(program);

/** Two files would need two outputs: the second must not push the first out in silence. */
function once(value: string, before: string | undefined): string {
  if (before !== undefined) throw new InvalidArgumentError('It may be given once: inject one file after the other.');
  return value;
}

/** 0 done, 1 something could not be done, 2 the command makes no sense as given. */
function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const problems =
    error instanceof UsageError ? error.problems : [error instanceof Error ? error.message : String(error)];
  process.stderr.write(problems.map((problem) => `agent-injector: ${problem}\n`).join(''));
  return error instanceof UsageError ? 2 : 1;
}

// `agent-injector inject … | head` closes the pipe when it has seen enough: no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}
