import { type Command, InvalidArgumentError, Option } from 'commander';
import type { UiOptions } from '../ui/ui.ts';
import { withInputFlags, withNamespaceFlags } from './cluster-flags.ts';
import { addCommand, collect, flagTexts } from './command.ts';

export function addUi(program: Command): void {
  const command = addCommand(program, 'ui', {
    summary: 'Show all of it as a page in the browser',
    description:
      'Serves a page on this machine, with your own rights: which pods should carry an agent and do not, why, whether it lives, and the command that ' +
      'helps. Prints an address that works once, and opens it. The page changes nothing. Runs until it is interrupted.',
    examples: [
      ['Look at the namespace of the context', 'ui'],
      ['Look at the whole cluster', 'ui -A'],
      ['Look at manifests, without a cluster', 'ui -f manifests/'],
    ],
  })
    .option('-f, --file <FILE>', `${flagTexts.files} They are shown instead of a cluster. Can be repeated.`, collect)
    .option('-R, --recursive', flagTexts.recursive)
    .option('--namespaces <FILE>', `${flagTexts.namespaces} Only with --file.`)
    .addOption(new Option('--port <PORT>', 'Port. 0: one that is free.').argParser(portIn).default(0))
    .option('--no-browser', 'Only print the address.')
    .option(
      '--in-cluster',
      'Serve those who bring a bearer token of the cluster, on all addresses: what the chart runs with ui.enabled. Everyone sees the namespaces whose pods they may list.',
    )
    .option(
      '--host <HOST>',
      'With --in-cluster: name and port under which browsers reach it. Can be repeated.',
      collect,
    );
  withInputFlags(withNamespaceFlags(command)).action(async (flags: UiOptions) => {
    const { ui } = await import('../ui/ui.ts');
    await ui(flags);
  });
}

function portIn(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number of at most 65535.');
}
