import { type Command, Option } from 'commander';
import { isAnyGiven, readConfig } from '../../config/config.ts';
import { flagOf, variableOf } from '../../config/option-names.ts';
import { type OptionName, optionNames, optionRows, defaultText } from '../../config/options.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { ClusterOptions } from '../../server/cluster.ts';
import { withConnectionFlags } from './cluster-flags.ts';
import { addCommand, outputOption, print } from './command.ts';

type Flags = Readonly<Record<string, string>>;

export function addServerCommands(program: Command): void {
  addServe(program);
  addObserve(program);
  addCerts(program);
}

function addServe(program: Command): void {
  const command = addCommand(program, 'serve', {
    summary: 'Run the admission webhook',
    description:
      'Answers AdmissionReviews over HTTPS until it receives SIGTERM. Each flag can also be set by its environment variable or in the ' +
      'configuration file.',
    examples: [
      ['Try the server out on this machine, with a new CA and certificate in certs/', 'serve --demo'],
      [
        'Serve for a cluster, with the profiles of a directory',
        'serve --kubeconfig ~/.kube/config --profiles profiles/',
      ],
    ],
  });
  for (const name of optionNames) command.addOption(optionFor(name));
  command.action(async (flags: Flags) => {
    await startLoaded(async () => {
      const { serve } = await import('../../server/serve.ts');
      return () => serve(readConfig(flags));
    });
  });
}

/** The options that `observe` uses. */
const OBSERVE_OPTIONS: readonly OptionName[] = [
  'config',
  'kubeconfig',
  'breaker',
  'lease',
  'breakerAction',
  'breakerWindow',
  'breakerGrace',
  'breakerCooldown',
  'breakerStable',
  'events',
  'host',
  'adminPort',
  'adminHost',
  'logLevel',
];

function addObserve(program: Command): void {
  const command = addCommand(program, 'observe', {
    summary: 'Watch what becomes of injected pods, and open circuit breakers',
    description:
      'Watches the pods with an agent until it receives SIGTERM: counts them by what became of them, writes Events about those that fail because of ' +
      'the agent, and opens circuit breakers. One of several replicas observes, by a Lease.',
    examples: [
      [
        'Observe the current cluster from this machine, and only report',
        'observe --kubeconfig ~/.kube/config --breaker agent-injector/agent-injector-breaker --lease agent-injector/agent-injector-observer',
      ],
    ],
  });
  for (const name of OBSERVE_OPTIONS) command.addOption(optionFor(name));
  command.action(async (flags: Flags) => {
    await startLoaded(async () => {
      const { observe } = await import('../../server/observer/observe.ts');
      return () => observe(readConfig(flags));
    });
  });
}

function quit(): void {
  process.exit(0);
}

/** Handles SIGTERM until the server has registered its own handlers: while its modules load, the exit code is 0, too. */
async function startLoaded(load: () => Promise<() => Promise<void>>): Promise<void> {
  process.once('SIGTERM', quit);
  const start = await load();
  const running = start();
  process.off('SIGTERM', quit);
  await running;
}

function addCerts(program: Command): void {
  const command = addCommand(program, 'certs', {
    summary: 'Show the serving certificate and which webhook entries trust it',
    description:
      'Shows the serving certificate and its CAs, and checks that the webhook entries trust it: of the server that is installed in the ' +
      'cluster, or of a directory or Secret. Exit code 1 if the certificate is invalid or not trusted.',
    examples: [
      ['Show the certificate of the installed server', 'certs'],
      ['Show the certificate in a directory', 'certs --tls-dir certs'],
      [
        'Show the certificate in a Secret, and which entries of a webhook configuration trust it',
        'certs --tls-secret agent-injector/agent-injector-tls --webhook-configuration zz-agent-injector',
      ],
    ],
  });
  withConnectionFlags(command)
    .addOption(optionFor('tlsDir', 'Directory of tls.crt, tls.key and ca.crt.'))
    .addOption(optionFor('tlsSecret', 'Secret of the certificate, instead of a directory.'))
    .addOption(
      optionFor('webhookConfiguration', 'MutatingWebhookConfiguration whose entries must trust the certificate.'),
    )
    .addOption(outputOption('json', 'yaml'))
    .action(async ({ output, context, as, asGroup, ...named }: CertsFlags) => {
      if (!isAnyGiven(CERTIFICATE_OPTIONS, named)) {
        const { installedCerts } = await import('../certs/installed.ts');
        return print(await installedCerts({ output, context, as, asGroup, ...named }, new Date()));
      }
      const given = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
      const read = readConfig(Object.fromEntries(given), undefined, 'read');
      if (!read.ok) throw new UsageError(read.error.problems);
      const { namedCerts } = await import('../certs/certs.ts');
      return print(await namedCerts(read.value, { output, context, as, asGroup }, new Date()));
    });
}

const CERTIFICATE_OPTIONS = ['tlsDir', 'tlsSecret', 'webhookConfiguration'] as const;

interface CertsFlags extends ClusterOptions {
  readonly output: 'text' | 'json' | 'yaml';
  readonly tlsDir?: string;
  readonly tlsSecret?: string;
  readonly webhookConfiguration?: string;
}

function optionFor(name: OptionName, description: string = optionRows[name].description): Option {
  const text = defaultText(name);
  const standard = text === undefined ? '' : `, default ${text}`;
  const { placeholder, preset } = optionRows[name];
  const value = preset === undefined ? `<${placeholder}>` : `[${placeholder}]`;
  const option = new Option(`--${flagOf(name)} ${value}`, `${description} (${variableOf(name)}${standard})`);
  return preset === undefined ? option : option.preset(preset);
}
