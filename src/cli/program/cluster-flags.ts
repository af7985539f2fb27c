import type { Command } from 'commander';
import type { ClusterOptions } from '../../server/cluster.ts';
import { collect, flagTexts, outputOption } from './command.ts';

/** Flags of every command that talks to a cluster, as kubectl has them. */
export function withConnectionFlags(command: Command): Command {
  return command
    .option('--kubeconfig <FILE>', flagTexts.kubeconfig)
    .option('--context <CONTEXT>', 'Context of the kubeconfig. Default: the current one.')
    .option('--as <USER>', 'User to impersonate.')
    .option('--as-group <GROUP>', 'Group to impersonate. Can be repeated.', collect);
}

/** `-n`, whose default is the namespace of the context, and `-A`. */
export function withNamespaceFlags(command: Command): Command {
  return withContextNamespace(command).option('-A, --all-namespaces', 'Read all namespaces.');
}

/** `-n`: the command always gets a namespace, that of the context by default. */
export function withContextNamespace(command: Command, description = 'Namespace to read.'): Command {
  return command
    .option('-n, --namespace <NAMESPACE>', `${description} Default: that of the context.`)
    .hook('preAction', async () => {
      if (command.getOptionValue('namespace') !== undefined) return;
      const { userNamespace } = await import('../../server/cluster.ts');
      const flags: ClusterOptions = command.opts();
      command.setOptionValue('namespace', await userNamespace(flags));
    });
}

export function withSelectorFlag(command: Command): Command {
  return command.option('-l, --selector <SELECTOR>', flagTexts.selector);
}

/** Flags of commands that decide as the installed server would. */
export function withInputFlags(command: Command): Command {
  return withConnectionFlags(command)
    .option('--config <FILE>', `${flagTexts.config} Default with a cluster: the installed server's configuration.`)
    .option('--profiles <DIR>', `${flagTexts.profiles} Default with a cluster: the installed server's profiles.`);
}

export function withClusterFlags(command: Command): Command {
  return withInputFlags(command).addOption(outputOption('json', 'yaml'));
}
