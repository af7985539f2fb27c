import type { Command } from 'commander';
import type { UninjectOptions } from './uninject.ts';

type Flags = Omit<UninjectOptions, 'diff'> & { readonly diff?: boolean };

/** Adds `uninject` to the command line. */
export function addUninject(program: Command): void {
  program
    .command('uninject')
    .description(
      'Takes out of a YAML file what inject put into it, and prints the file as it was, to the byte. Where injecting the result would not ' +
        'make the very file again, it is left as it is, and exit code 1 says so.',
    )
    .requiredOption('-f, --file <FILE>', 'manifests to read; - is standard input')
    .option('--profiles <DIR>', 'profiles of your own, by which the file was injected')
    .option('--config <FILE>', "a server's configuration file")
    .option('--diff', 'print what would change instead of the whole file')
    .exitOverride()
    .action(async (flags: Flags) => {
      const { uninject } = await import('./uninject.ts');
      const result = await uninject({ ...flags, diff: flags.diff ?? false });
      process.stdout.write(result.output);
      process.stderr.write(result.messages.map((message) => `${message}\n`).join(''));
      process.exitCode = result.exitCode;
    });
}
