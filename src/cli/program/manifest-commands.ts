import type { Command } from 'commander';
import type { ImportOptions } from '../import/import.ts';
import type { InjectOptions } from '../inject.ts';
import type { UninjectOptions } from '../uninject.ts';
import { productNames } from '../../migration/product-names.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { withContextNamespace } from './cluster-flags.ts';
import { addExportCommand } from './export-commands.ts';
import { addCommand, collect, flagTexts, print } from './command.ts';

export function addManifestCommands(program: Command): void {
  addInject(program);
  addUninject(program);
  addImport(program);
  addExportCommand(program);
}

function addInject(program: Command): void {
  const command = addCommand(program, 'inject', {
    summary: 'Inject agents into the pods and workloads of manifests',
    description:
      'Injects agents into the pods and workloads of manifests, as the server would, and prints them. The rest of each file is ' +
      'unchanged. Exit code 1 if an agent was requested but could not be injected.',
    examples: [
      [
        'Inject the default agent and apply the result',
        'inject -f deploy.yaml --set server-address=apm.example.com | kubectl apply -f -',
      ],
      ['Inject all manifests of a directory and those below it', 'inject -R manifests/'],
      [
        'Show what would change with the settings of these namespaces',
        'inject -f deploy.yaml --namespaces namespaces.yaml --diff',
      ],
    ],
  });
  withContextNamespace(withFiles(command), 'Namespace of objects that do not specify one.')
    .option('--namespaces <FILE>', flagTexts.namespaces)
    .option('--profile <NAMES>', flagTexts.profile)
    .option('--set <KEY=VALUE>', flagTexts.set, collect)
    .option('--profiles <DIR>', flagTexts.profiles)
    .option('--config <FILE>', flagTexts.config)
    .option('--kubernetes <VERSION>', flagTexts.kubernetes)
    .option('--revision <REVISION>', flagTexts.revision)
    .option('--image-facts <FILE>', flagTexts.imageFacts)
    .option('--images', flagTexts.images)
    .option('--diff', 'Print a diff instead of the whole file.')
    .action(async (paths: readonly string[], { file = [], ...flags }: FileFlags & Omit<InjectOptions, 'files'>) => {
      const { inject } = await import('../inject.ts');
      print(await inject({ ...flags, files: filesOf(paths, file) }));
    });
}

function addUninject(program: Command): void {
  const command = addCommand(program, 'uninject', {
    summary: 'Remove what inject added to manifests',
    description:
      'Removes what inject added to manifests, and prints the original files, byte for byte. Pods that were edited after ' +
      'injection are left unchanged without --loose, and the exit code is 1.',
    examples: [
      ['Restore the original file', 'uninject -f injected.yaml > deploy.yaml'],
      ['Show what would be removed', 'uninject -f injected.yaml --diff'],
      ['Remove it from what kubectl get -o yaml has printed', 'uninject --loose pod.yaml'],
    ],
  });
  withFiles(command)
    .option('--profiles <DIR>', 'Directory of AgentProfile documents that the file was injected with.')
    .option('--config <FILE>', flagTexts.config)
    .option('--diff', 'Print a diff instead of the whole file.')
    .option(
      '--loose',
      'Also remove what the status annotation lists where the original text cannot be restored exactly, such as in the output of kubectl get.',
    )
    .action(async (paths: readonly string[], { file = [], ...flags }: FileFlags & Omit<UninjectOptions, 'files'>) => {
      const { uninject } = await import('../uninject.ts');
      print(await uninject({ ...flags, files: filesOf(paths, file) }));
    });
}

function addImport(program: Command): void {
  const command = addCommand(program, 'import', {
    summary: 'Translate manifests for another injector',
    description:
      `Translates what another injector reads (${Object.values(productNames).join(', ')}) into namespace settings, pod ` +
      'annotations and profiles, and prints the manifests with them. A line on stderr says what could not be carried over, and what to do: ' +
      'then the exit code is 1.',
    examples: [
      ['See what becomes of an Instrumentation and the workloads that use it', 'import instrumentation.yaml apps/'],
      [
        'Write the result, and the profiles for the server, into a new directory',
        'import -R manifests/ --output imported/',
      ],
      ['Get the whole report as JSON', 'import values.yaml -o json'],
    ],
  });
  withContextNamespace(withFiles(command), 'Namespace of objects that do not specify one.')
    .option('--profiles <DIR>', flagTexts.profiles)
    .option('--config <FILE>', flagTexts.config)
    .option(
      '-o, --output <FORMAT|DIR>',
      'Output format, yaml or json, or a directory to write to. One that does not exist must end in a slash.',
      'yaml',
    )
    .action(async (paths: readonly string[], { file = [], ...flags }: FileFlags & Omit<ImportOptions, 'files'>) => {
      const { importManifests } = await import('../import/import.ts');
      print(await importManifests({ ...flags, files: filesOf(paths, file) }));
    });
}

interface FileFlags {
  readonly file?: readonly string[];
}

function withFiles(command: Command): Command {
  return command
    .argument('[FILE...]', flagTexts.files)
    .option('-f, --file <FILE>', `${flagTexts.files} Can be repeated.`, collect)
    .option('-R, --recursive', flagTexts.recursive);
}

function filesOf(paths: readonly string[], flags: readonly string[]): readonly string[] {
  const files = [...flags, ...paths];
  if (files.length === 0) throw new UsageError(['no file given: name files or directories, or - for standard input']);
  return files;
}
