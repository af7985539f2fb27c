import type { Evidenced, ImageFacts } from '../kubernetes/images/facts.ts';
import type { EnvVar } from '../kubernetes/pod.ts';
import { type Catalogue, comparableGuid } from '../profiles/catalogue.ts';
import { ContainerView, firstMatch } from '../profiles/matcher.ts';

/** What an image says of itself, as plain data: its config, in the words of the OCI image specification. */
export interface ImageDescription {
  readonly environment: readonly EnvVar[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  /** The steps that made it, oldest first. */
  readonly history: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The facts that the config of an image shows, for one platform. */
export interface ConfigFacts extends Omit<ImageFacts, 'platforms' | 'variables'> {
  readonly variables: readonly ImageVariable[];
}

export interface ImageVariable {
  readonly name: string;
  readonly value: string;
  /** Names of the profiles that set it; none if it only tells whether a slot is free. */
  readonly setBy: readonly string[];
}

/** Variables of the official images of each language. The first that is set proves the language; its value is the version where `version` says so. */
const languages: readonly { readonly language: string; readonly variable: string; readonly isVersion: boolean }[] = [
  // dotnet/dotnet-docker: src/*/Dockerfile
  { language: 'dotnet', variable: 'ASPNET_VERSION', isVersion: true },
  { language: 'dotnet', variable: 'DOTNET_VERSION', isVersion: true },
  // adoptium/containers, docker-library/openjdk, corretto, Red Hat's UBI
  { language: 'java', variable: 'JAVA_VERSION', isVersion: true },
  { language: 'java', variable: 'JAVA_HOME', isVersion: false },
  // nodejs/docker-node
  { language: 'nodejs', variable: 'NODE_VERSION', isVersion: true },
  // docker-library/php, docker-library/ruby, docker-library/python, docker-library/golang
  { language: 'php', variable: 'PHP_VERSION', isVersion: true },
  { language: 'ruby', variable: 'RUBY_VERSION', isVersion: true },
  { language: 'python', variable: 'PYTHON_VERSION', isVersion: true },
  { language: 'go', variable: 'GOLANG_VERSION', isVersion: true },
];

/** Programs that run a language, by the last part of their path. */
const programs: readonly (readonly [language: string, program: RegExp])[] = [
  ['dotnet', /^dotnet$/],
  ['java', /^java$/],
  ['nodejs', /^(?:node|nodejs)$/],
  ['python', /^(?:python[\d.]*|gunicorn|uvicorn)$/],
  ['php', /^(?:php|php-fpm)[\d.]*$/],
  ['ruby', /^(?:ruby|puma)$/],
];

const APK = /(?:^|[\s;&|])apk\s+(?:--\S+\s+)*(?:add|upgrade|update)\b/;

/** The only step of an image of Wolfi and Chainguard, which have Alpine's package manager, and glibc. */
const APKO = /^apko\b/;

/** What package managers and base images show. `alpine-minirootfs` is Alpine's first step, `debian.sh` that of Debian and Ubuntu. */
const libcSteps: readonly (readonly [libc: 'glibc' | 'musl', step: RegExp])[] = [
  ['musl', /\balpine-minirootfs\b/],
  ['musl', APK],
  ['glibc', /\bdebian\.sh\b/],
  ['glibc', /(?:^|[\s;&|])(?:apt-get|apt|dnf|microdnf|tdnf|yum|zypper)\s+(?:-\S+\s+)*(?:install|update|upgrade)\b/],
];

/** What can be told of an image before a pod runs it. What is not shown is undefined: never a guess. */
export function imageFacts(image: ImageDescription, catalogue: Catalogue): ConfigFacts {
  const { environment, entrypoint, cmd, user, workingDir } = image;
  const container = { name: 'image', command: [...entrypoint], args: [...cmd] };
  const view = new ContainerView(container, environment, new Set());
  return {
    language: languageOf(image),
    libc: libcOf(image),
    user,
    workingDir,
    entrypoint,
    cmd,
    variables: variablesOf(environment, catalogue),
    agents: agentsOf(view, catalogue),
  };
}

function languageOf({ environment, entrypoint, cmd }: ImageDescription): ImageFacts['language'] {
  const [command = ''] = entrypoint.length > 0 ? entrypoint : cmd;
  const program = command.slice(command.lastIndexOf('/') + 1);
  const byProgram = programs.find(([, pattern]) => pattern.test(program))?.[0];
  const shown = languages.flatMap(({ language, variable, isVersion }) => {
    const value = environment.find(({ name }) => name === variable)?.value;
    return value ? [{ is: language, by: variable, version: isVersion ? value : undefined }] : [];
  });
  // An image with two runtimes is of the language that its entrypoint starts.
  const found = byProgram === undefined ? onlyOne(shown) : shown.find(({ is }) => is === byProgram);
  if (found) return found;
  return byProgram === undefined
    ? undefined
    : { is: byProgram, by: entrypoint.length > 0 ? 'its entrypoint' : 'its command', version: undefined };
}

function onlyOne<T extends Evidenced>(shown: readonly T[]): T | undefined {
  return new Set(shown.map(({ is }) => is)).size === 1 ? shown[0] : undefined;
}

function libcOf({ history, labels }: ImageDescription): ImageFacts['libc'] {
  const base = labels['org.opencontainers.image.base.name'];
  const isOfApko = history.some((step) => APKO.test(step));
  const steps = libcSteps.filter(([, pattern]) => !(isOfApko && pattern === APK));
  const shown = [
    ...(base !== undefined && /(?:^|[^a-z])alpine(?:[^a-z]|$)/.test(base) ? [{ is: 'musl' as const, by: base }] : []),
    ...history.flatMap((step) =>
      steps.flatMap(([is, pattern]) => {
        const by = pattern.exec(step)?.[0].trim();
        return by === undefined ? [] : [{ is, by: `a step with "${by}"` }];
      }),
    ),
  ];
  return onlyOne(shown);
}

function variablesOf(environment: readonly EnvVar[], { profiles, slots }: Catalogue): readonly ImageVariable[] {
  const ofSlots = new Set(
    [...slots.values()].flatMap(({ variables, off, identity }) => [
      ...variables,
      ...off.map(({ variable }) => variable),
      ...identity,
    ]),
  );
  return environment.flatMap(({ name, value }) => {
    const setBy = [...profiles.values()]
      .filter((profile) => profile.environment.some((entry) => entry.name === name))
      .map((profile) => profile.name);
    return setBy.length === 0 && !ofSlots.has(name) ? [] : [{ name, value: value ?? '', setBy }];
  });
}

function agentsOf(view: ContainerView, { foreignAgents, slots }: Catalogue): ConfigFacts['agents'] {
  const bySigns = foreignAgents.flatMap(({ vendor, match }) => {
    const at = firstMatch(match, view);
    return at === undefined ? [] : [{ vendor, at }];
  });
  const byIdentity = [...slots.values()].flatMap(({ identity, vendors }) =>
    identity.flatMap((variable) => {
      const vendor = vendors.get(comparableGuid(view.variable(variable)?.value ?? ''));
      return vendor === undefined ? [] : [{ vendor, at: variable }];
    }),
  );
  return [...bySigns, ...byIdentity];
}
