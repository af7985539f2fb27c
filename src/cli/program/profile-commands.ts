import { Argument, type Command } from 'commander';
import { type Language, languages } from './names.ts';
import type { ConvertOptions } from '../convert.ts';
import type { LintOptions } from '../lint/lint.ts';
import type { ProfilesOptions } from '../profiles/profiles.ts';
import { addCommand, flagTexts, listOption, outputOption, print } from './command.ts';

export function addProfileCommands(program: Command): void {
  addLint(program);
  addConvert(program);
  addProfiles(program);
  addNew(program);
}

function addNew(program: Command): void {
  addCommand(program, 'new', {
    summary: 'Print a new profile with tests, to start from',
    description:
      'Prints an AgentProfile for a language, with two deliveries, a required parameter and tests that pass. Replace what is marked TODO.',
    examples: [['Start a profile for a Java agent', 'new java acme-java > acme.yaml']],
  })
    .addArgument(new Argument('<LANGUAGE>', 'Language of the app.').choices(languages))
    .argument('[NAME]', 'Name of the profile. Default: acme-LANGUAGE.')
    .action(async (language: Language, name: string | undefined) => {
      const { newProfile } = await import('../new/new.ts');
      print(newProfile(language, name));
    });
}

function addLint(program: Command): void {
  addCommand(program, 'lint', {
    summary: 'Check AgentProfiles and run their tests',
    description:
      'Checks AgentProfiles as the server reads them, and runs the tests that they contain. Exit code 1 if an error is found.',
    examples: [
      ['Check the profiles of a directory', 'lint profiles/'],
      ['Fail on warnings, too', 'lint --strict acme.yaml'],
    ],
  })
    .argument(
      '[PATH...]',
      'Files, directories (their *.yaml and *.yml files), or - for standard input. Default: the built-in profiles.',
    )
    .option('-v, --verbose', 'Also list the tests, with their results.')
    .option('--strict', 'Fail on warnings, too. Also warn about images without a digest and profiles without tests.')
    .addOption(outputOption('json', 'yaml'))
    .action(async (paths: readonly string[], flags: Omit<LintOptions, 'paths'>) => {
      const { lint } = await import('../lint/lint.ts');
      print(await lint({ ...flags, paths }));
    });
}

function addConvert(program: Command): void {
  addCommand(program, 'convert', {
    summary: 'Rewrite AgentProfiles that have words of earlier versions',
    description:
      'Rewrites the words of earlier versions in AgentProfiles, also in those within a ConfigMap or the values of the chart, and says what it changed. ' +
      'Comments and layout stay. Exit code 1 if something has to be changed by hand.',
    examples: [
      ['Show what would change', 'convert --diff profiles/'],
      ['Rewrite the profiles of a directory and those below it', 'convert -R profiles/'],
      ['Rewrite the profiles in the values of the chart', 'convert values.yaml'],
    ],
  })
    .argument('<PATH...>', 'Files, directories, or - for standard input, which is printed.')
    .option('-R, --recursive', flagTexts.recursive)
    .option('--diff', 'Print what would change, and write nothing.')
    .action(async (files: readonly string[], flags: Omit<ConvertOptions, 'files'>) => {
      const { convert } = await import('../convert.ts');
      print(await convert({ ...flags, files }));
    });
}

function addProfiles(program: Command): void {
  addCommand(program, 'profiles', {
    summary: 'List the available profiles, or show one',
    description:
      'Lists the available profiles, or shows the parameters, deliveries, environment variables and conflicts of one.',
    examples: [
      ['List all profiles', 'profiles'],
      ['Print the document of a built-in profile, to start your own from', 'profiles NAME --source'],
      ['Show the parameters of your own profile and what it adds to a pod', 'profiles --profiles profiles/ acme-java'],
    ],
  })
    .argument('[NAME]', 'Name of a profile.')
    .option('--source', 'Print the document of a built-in profile, as lint and --profiles read it.')
    .option('--profiles <DIR>', flagTexts.profiles)
    .option('--config <FILE>', flagTexts.config)
    .addOption(listOption('wide', 'json', 'yaml'))
    .action(async (name: string | undefined, flags: Omit<ProfilesOptions, 'name'>) => {
      const { profiles } = await import('../profiles/profiles.ts');
      print(await profiles({ ...flags, name }));
    });
}
