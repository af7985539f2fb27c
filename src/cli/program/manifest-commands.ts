import type { Command } from 'commander';
import type { InjectOptions } from '../inject.ts';
import type { UninjectOptions } from '../uninject.ts';
import { addCommand, collect, flagTexts, once, print } from './command.ts';

export function addManifestCommands(program: Command): void {
  addInject(program);
  addUninject(program);
}

function addInject(program: Command): void {
  addCommand(program, 'inject', {
    summary: 'Inject agents into the pods and workloads of a manifest file',
    description:
      'Injects agents into the pods and workloads of a manifest file, as the server would, and prints the file. The rest of the file is ' +
      'unchanged. Exit code 1 if an agent was requested but could not be injected.',
    examples: [
      [
        'Inject the default agent and apply the result',
        'inject -f deploy.yaml --set server-address=apm.example.com | kubectl apply -f -',
      ],
      [
        'Show what would change with the settings of these namespaces',
        'inject -f deploy.yaml --namespaces namespaces.yaml --diff',
      ],
    ],
  })
    .requiredOption('-f, --file <FILE>', 'Manifest file, or - for standard input.', once)
    .option('-n, --namespace <NAMESPACE>', 'Namespace of objects that do not specify one.', 'default')
    .option('--namespaces <FILE>', flagTexts.namespaces)
    .option('--profile <NAMES>', flagTexts.profile)
    .option('--set <KEY=VALUE>', flagTexts.set, collect)
    .option('--profiles <DIR>', flagTexts.profiles)
    .option('--config <FILE>', flagTexts.config)
    .option('--kubernetes <VERSION>', flagTexts.kubernetes)
    .option('--revision <REVISION>', flagTexts.revision)
    .option('--diff', 'Print a diff instead of the whole file.')
    .action(async (flags: InjectOptions) => {
      const { inject } = await import('../inject.ts');
      print(await inject(flags));
    });
}

function addUninject(program: Command): void {
  addCommand(program, 'uninject', {
    summary: 'Remove what inject added to a manifest file',
    description:
      'Removes what inject added to a manifest file, and prints the original file, byte for byte. Pods that were edited after ' +
      'injection are left unchanged, and the exit code is 1.',
    examples: [
      ['Restore the original file', 'uninject -f injected.yaml > deploy.yaml'],
      ['Show what would be removed', 'uninject -f injected.yaml --diff'],
    ],
  })
    .requiredOption('-f, --file <FILE>', 'Manifest file, or - for standard input.')
    .option('--profiles <DIR>', 'Directory of AgentProfile documents that the file was injected with.')
    .option('--config <FILE>', flagTexts.config)
    .option('--diff', 'Print a diff instead of the whole file.')
    .action(async (flags: UninjectOptions) => {
      const { uninject } = await import('../uninject.ts');
      print(await uninject(flags));
    });
}
