import { Argument, type Command } from 'commander';
import { linesText } from './output.ts';
import { withConnectionFlags } from './cluster-flags.ts';
import { addCommand, listOption, outputOption, print } from './command.ts';
import type { VersionOptions } from '../version/version.ts';
import type { ReasonsOptions } from '../reasons.ts';
import { COMPLETE, type Shell, shells } from './names.ts';

export function addOtherCommands(program: Command): void {
  addReasons(program);
  addVersion(program);
  addCompletion(program);
}

function addReasons(program: Command): void {
  addCommand(program, 'reasons', {
    summary: 'Explain a reason code, or list them all',
    description:
      'Explains the code of a reason, as warnings, Events, logs and records have it: what it means, and what to do.',
    examples: [
      ['Explain a code', 'reasons claim-unusable'],
      ['List all codes', 'reasons'],
    ],
  })
    .argument('[CODE]', 'Code of a reason.')
    .addOption(listOption('json', 'yaml'))
    .action(async (code: string | undefined, flags: Omit<ReasonsOptions, 'code'>) => {
      const { reasons } = await import('../reasons.ts');
      print(reasons({ ...flags, code }));
    });
}

function addVersion(program: Command): void {
  const command = addCommand(program, 'version', {
    summary: 'Show the versions of this program, the servers and the cluster',
    description:
      'Shows the version of this program, of the servers that are installed in the cluster, and of Kubernetes. Exit code 3 if the cluster ' +
      'cannot be read.',
    examples: [
      ['Show all versions', 'version'],
      ['Show the version of this program only', 'version --client'],
    ],
  })
    .option('--client', 'Show the version of this program only.')
    .addOption(outputOption('json', 'yaml'));
  withConnectionFlags(command).action(async (flags: VersionOptions) => {
    const { version } = await import('../version/version.ts');
    print(await version(flags));
  });
}

function addCompletion(program: Command): void {
  addCommand(program, 'completion', {
    summary: 'Print a completion script for bash, zsh or fish',
    description:
      'Prints the script that completes commands, flags, namespaces, workloads, profiles and files in a shell.',
    examples: [
      ['Complete in this bash, and in every new one', 'completion bash >> ~/.bashrc'],
      ['Complete in zsh', 'completion zsh > "${fpath[1]}/_agent-injector"'],
      ['Complete in fish', 'completion fish > ~/.config/fish/completions/agent-injector.fish'],
    ],
  })
    .addArgument(new Argument('<SHELL>', 'Shell.').choices(shells))
    .action(async (shell: Shell) => {
      const { scripts } = await import('../completion/scripts.ts');
      process.stdout.write(scripts[shell]);
    });
  program
    .command(COMPLETE, { hidden: true })
    .argument('[WORD...]')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('../completion/candidates.ts');
      const { knownWords } = await import('../completion/known.ts');
      const completion = complete(program, words);
      if (completion.kind === 'files' || completion.kind === 'directories')
        return void process.stdout.write(`:${completion.kind}\n`);
      const current = words.at(-1) ?? '';
      const lines =
        completion.kind === 'words'
          ? completion.candidates.map(({ word, description }) =>
              description === '' ? word : `${word}\t${description}`,
            )
          : (await knownWords(completion.kind, words)).filter((word) => word.startsWith(current));
      // A request to a cluster that does not answer must not keep the shell waiting.
      process.stdout.write(linesText(lines), () => process.exit(0));
    });
}
