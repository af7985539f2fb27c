import type { Evidenced, ImageFacts } from '../kubernetes/images/facts.ts';
import type { EnvVar } from '../kubernetes/pod.ts';
import { type Catalogue, comparableGuid } from '../profiles/catalogue.ts';
import {
  languageOfProgram,
  languageProofs,
  languagesOfImage,
  withoutLaunchers,
} from '../profiles/automatic/languages.ts';
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

/** Packages of a runtime. Where one is installed in an image that is made for another language, only the entrypoint decides. */
const runtimePackages: readonly (readonly [language: string, pattern: RegExp])[] = [
  [
    'java',
    /\b(?:openjdk-?\d+|default-(?:jre|jdk)|temurin-\d+|msopenjdk-\d+|java-[\d.]+-(?:openjdk|amazon-corretto)\S*)/,
  ],
  ['nodejs', /\snodejs\b/],
  ['dotnet', /\b(?:dotnet-(?:sdk|runtime)|aspnetcore-runtime)-\d/],
  ['python', /\s(?:python3(?:\.\d+)?)(?=[\s;"']|$)/],
  ['php', /\sphp(?:\d[\d.]*)?(?:-fpm|-cli)?(?=[\s;"']|$)/],
];

/** What is installed as `--virtual` is for a build, and removed again (nodejs/docker-node: Python in the images of Alpine). */
const INSTALL = /\b(?:apk|apt-get|apt|dnf|microdnf|tdnf|yum|zypper)\b(?!.*--virtual).*\b(?:add|install)\b/s;

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
    language: languageOf(image, catalogue),
    libc: libcOf(image),
    user,
    workingDir,
    entrypoint,
    cmd,
    variables: variablesOf(environment, catalogue),
    agents: agentsOf(view, catalogue),
  };
}

function languageOf(
  { environment, entrypoint, cmd, history }: ImageDescription,
  catalogue: Catalogue,
): ImageFacts['language'] {
  const proofs = languageProofs(catalogue);
  const [program = '', next = ''] = withoutLaunchers([...entrypoint, ...cmd]);
  const shown = languagesOfImage(environment, proofs).map(({ is, by, value }) => ({
    is,
    by,
    version: by.endsWith('_HOME') ? undefined : value,
  }));
  const started = languageOfProgram(program, proofs)?.is;
  if (started !== undefined)
    return (
      shown.find(({ is }) => is === started) ?? {
        is: started,
        by: entrypoint.length > 0 ? 'its entrypoint' : 'its command',
        version: undefined,
      }
    );
  // An entrypoint of the image's own starts what is behind it. An image with two runtimes is of that language.
  const behind = shown.find(({ is }) => is === languageOfProgram(next, proofs)?.is);
  if (behind) return behind;
  const installed = history.filter((step) => INSTALL.test(step));
  const packages = runtimePackages.flatMap(([is, pattern]) =>
    installed.some((step) => pattern.test(step)) ? [{ is, by: 'a package', version: undefined }] : [],
  );
  return shown.length === 0 ? undefined : onlyOne([...shown, ...packages]);
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
