import { Argument, type Command } from 'commander';
import { linesText } from './output.ts';
import { withConnectionFlags } from './cluster-flags.ts';
import { addCommand, flagTexts, listOption, outputOption, print } from './command.ts';
import { DEFAULT_PLATFORM } from '../../images/platform.ts';
import type { ImageOptions } from '../image/image.ts';
import type { VersionOptions } from '../version/version.ts';
import type { ReasonsOptions } from '../reasons.ts';
import { COMPLETE, type Shell, shells } from './names.ts';

export function addOtherCommands(program: Command): void {
  addImage(program);
  addReasons(program);
  addVersion(program);
  addCompletion(program);
  addMan(program);
}

function addMan(program: Command): void {
  addCommand(program, 'man', {
    summary: 'Print the manual page',
    description: 'Prints the manual page of all commands and their flags, for man(1).',
    examples: [
      ['Install the manual page', 'man > /usr/local/share/man/man1/agent-injector.1'],
      ['Install that of the kubectl plugin', 'man > /usr/local/share/man/man1/kubectl-agent_injector.1'],
    ],
  }).action(async () => {
    const { manPage } = await import('../man-page.ts');
    process.stdout.write(manPage(program, VERSION));
  });
}

function addImage(program: Command): void {
  addCommand(program, 'image', {
    summary: 'Show what matters for agents in container images',
    description:
      'Reads the configs of images from their registries, from OCI layouts (oci:DIR) or from files of docker save (docker-archive:FILE): language, libc, ' +
      'user, command, agents that are there already, and variables whose value would be lost when a pod sets them. Logs in as docker and podman do. ' +
      'Exit code 3 if an image could not be read.',
    examples: [
      ['Look at an image', 'image registry.example.com/shop/web:1.4'],
      ['Look at a saved image, for another platform', 'image docker-archive:web.tar --platform linux/arm64'],
      ['Make the facts that the server reads', 'image registry.example.com/shop/web:1.4 -o facts'],
    ],
  })
    .argument(
      '<IMAGE...>',
      'Image, as in a pod; or oci:DIR, oci-archive:FILE or docker-archive:FILE; or a path with a slash at its start.',
    )
    .option('--platform <PLATFORM>', 'Platform of an image that has several.', DEFAULT_PLATFORM)
    .option('--plain-http', 'Speak HTTP with registries that are not on this machine, too.')
    .option('--profiles <DIR>', flagTexts.profiles)
    .option('--config <FILE>', flagTexts.config)
    .option('--add-to <FILE>', 'Also add the facts about the images to this file, which is made if there is none.')
    .addOption(outputOption('json', 'yaml', 'facts'))
    .action(async (references: readonly string[], flags: Omit<ImageOptions, 'references'>) => {
      const { image } = await import('../image/image.ts');
      print(await image({ ...flags, references }));
    });
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
