import type { EnvVar } from '../../kubernetes/pod.ts';
import { matchesGlob } from '../../lib/glob.ts';

/** What proves that a container runs a language. */
export interface LanguageProof {
  readonly language: string;
  /** The last part of the path of the program that is started; may contain the wildcards * and ?. */
  readonly programs: readonly string[];
  /** Variables of images that are made for the language. */
  readonly imageEnv: readonly string[];
}

/** The programs and variables of the public images (test/settings/automatic/public-images.yaml has their sources). */
const builtIn: readonly LanguageProof[] = [
  {
    language: 'dotnet',
    programs: ['dotnet', '*.dll'],
    imageEnv: ['ASPNET_VERSION', 'DOTNET_VERSION', 'DOTNET_CORE_VERSION'],
  },
  { language: 'java', programs: ['java', '*.jar'], imageEnv: ['JAVA_VERSION', 'JAVA_HOME'] },
  { language: 'nodejs', programs: ['node', 'nodejs'], imageEnv: ['NODE_VERSION', 'NODEJS_VERSION'] },
  {
    language: 'php',
    programs: ['php', 'php?', 'php?.?', 'php-fpm', 'php-fpm?', 'php-fpm?.?'],
    imageEnv: ['PHP_VERSION'],
  },
  { language: 'ruby', programs: ['ruby', 'ruby?.?', 'puma'], imageEnv: ['RUBY_VERSION'] },
  {
    language: 'python',
    programs: words('python python2 python3 python?.? python?.?? gunicorn uvicorn hypercorn daphne celery flask'),
    imageEnv: ['PYTHON_VERSION'],
  },
  { language: 'go', programs: [], imageEnv: ['GOLANG_VERSION'] },
];

function words(text: string): readonly string[] {
  return text.split(' ');
}

interface Detecting {
  readonly language: string | undefined;
  readonly detect: Omit<LanguageProof, 'language'> | undefined;
}

type Detected = ReadonlyMap<string, Detecting>;

const byProfiles = new WeakMap<Detected, readonly LanguageProof[]>();

/** The proofs of all languages: the built-in ones, and those of the profiles. */
export function languageProofs({ profiles }: { readonly profiles: Detected }): readonly LanguageProof[] {
  const known = byProfiles.get(profiles) ?? [...builtIn, ...[...profiles.values()].flatMap(proofsOf)];
  byProfiles.set(profiles, known);
  return known;
}

function proofsOf({ language, detect }: Detecting): readonly LanguageProof[] {
  return language === undefined || !detect ? [] : [{ language, ...detect }];
}

/** A language with what shows it. */
export interface ShownLanguage {
  readonly is: string;
  readonly by: string;
}

/** The language of a program, by the last part of its path. */
export function languageOfProgram(word: string, proofs: readonly LanguageProof[]): ShownLanguage | undefined {
  const program = nameOf(word);
  // The kubelet puts the value of a variable there.
  if (program.includes('$(') || program.length > MAX_PROGRAM) return undefined;
  const found = proofs.find(({ programs }) => programs.some((glob) => matchesGlob(glob, program)));
  return found && { is: found.language, by: program };
}

const MAX_PROGRAM = 128;

/** The languages that an image's variables show: one for each, by the first of its variables that is set. */
export function languagesOfImage(
  environment: readonly EnvVar[],
  proofs: readonly LanguageProof[],
): readonly (ShownLanguage & { readonly value: string })[] {
  const shown = proofs.flatMap(({ language, imageEnv }) =>
    imageEnv.flatMap((variable) => {
      const value = environment.find(({ name }) => name === variable)?.value;
      return value ? [{ is: language, by: variable, value }] : [];
    }),
  );
  return [...new Map(shown.toReversed().map((one) => [one.is, one])).values()].toReversed();
}

export function nameOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/** Programs that start the rest of their arguments as a program. */
const LAUNCHERS: ReadonlySet<string> = new Set(words('tini tini-static dumb-init catatonit docker-init env'));

/** Their options without a value. */
const PLAIN_OPTIONS: ReadonlySet<string> = new Set(['-s', '-g', '-v', '-vv', '-w', '-c', '--']);

/** The words behind the launchers. Empty if a launcher has an option whose meaning is not known. */
export function withoutLaunchers(command: readonly string[]): readonly string[] {
  const [first, ...rest] = command;
  if (first === undefined || !LAUNCHERS.has(nameOf(first))) return command;
  const start = rest.findIndex((word) => !PLAIN_OPTIONS.has(word));
  const behind = start === -1 ? [] : rest.slice(start);
  const isClear = behind[0] !== undefined && !behind[0].startsWith('-') && !behind[0].includes('=');
  return isClear ? withoutLaunchers(behind) : [];
}

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', 'ksh', 'busybox']);

export function isShell(word: string): boolean {
  return SHELLS.has(nameOf(word));
}

/** Servers that are written in none of the languages of profiles, in images that may have any runtime. */
const NATIVE: ReadonlySet<string> = new Set([
  ...words('nginx httpd httpd-foreground apache2 apache2-foreground apachectl caddy traefik haproxy envoy'),
  ...words('redis-server postgres mysqld mariadbd memcached supervisord'),
]);

/** True for a program that an image's variables say nothing of. */
export function isNative(word: string): boolean {
  return NATIVE.has(nameOf(word));
}
