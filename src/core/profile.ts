import { parseVersion, type KubernetesVersion } from './cluster.ts';
import type { Condition } from './condition.ts';
import { readDelivery, type Delivery } from './delivery.ts';
import { changesBy, inOrder, readEnvironment, type Change, type EnvironmentEntry } from './environment.ts';
import type { Parameter } from './parameter.ts';
import { readDocument } from './profile-messages.ts';
import { problemsIn } from './profile-problems.ts';
import { profileSchema, type ProfileTest, type Spec } from './profile-schema.ts';
import type { Sign } from './sign.ts';
import { parseTemplate, type Template } from './template.ts';
import { volumeNames } from './volumes.ts';

export interface Mount {
  readonly path: string;
  readonly subPath: Template | undefined;
  readonly readOnly: boolean;
}

/** A directory that the agent writes into. */
export interface Writable {
  readonly path: string;
  /** The name of its volume, where it is free. */
  readonly volume: string;
  readonly sizeLimit: string;
  readonly when: Condition | undefined;
}

/** A configuration file, made from parameters. */
export interface FileTemplate {
  readonly path: string;
  readonly content: Template;
  readonly when: Condition | undefined;
}

/** Something to look for in a container, and what to say when it is there. */
export interface Advice {
  readonly code: string;
  readonly signs: readonly Sign[];
  readonly message: string;
}

/** A value that follows from another: from the libc, the processor, or a parameter. */
export interface Variant {
  readonly name: string;
  readonly by: string;
  readonly values: ReadonlyMap<string, string>;
}

export interface Constraints {
  readonly os: readonly string[];
  readonly arch: readonly string[] | undefined;
  readonly libc: readonly string[] | undefined;
  readonly kubernetes: KubernetesVersion | undefined;
  readonly excludeOwners: readonly string[];
}

/** A profile that has been read: templates taken apart, defaults filled in, every reference known to lead somewhere. */
export interface Profile {
  readonly name: string;
  readonly vendor: string;
  readonly description: string;
  readonly language: string | undefined;
  readonly documentation: string | undefined;
  readonly sources: readonly string[];
  /** Names or globs of the namespaces that may use it; undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly constraints: Constraints;
  readonly include: readonly Sign[] | undefined;
  readonly exclude: readonly Sign[];
  readonly slots: readonly string[];
  readonly conflicts: readonly Advice[];
  readonly advisories: readonly Advice[];
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly variants: readonly Variant[];
  readonly deliveries: readonly [Delivery, ...Delivery[]];
  readonly mounts: readonly Mount[];
  readonly writable: readonly Writable[];
  readonly files: readonly FileTemplate[];
  /** Each entry behind those that it refers to. */
  readonly environment: readonly EnvironmentEntry[];
  /** The variables of an author that it may change, and how. */
  readonly changes: ReadonlyMap<string, Change>;
  readonly tests: readonly ProfileTest[];
}

/** Something wrong in a document: where, as steps (`['spec', 'parameters', 2, 'default']`), and what. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** It is about the last step itself, and not about what stands there: an unknown key. */
  readonly at?: 'key';
}

export type ReadProfile =
  | { readonly ok: true; readonly profile: Profile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads an AgentProfile document. All problems are gathered: those of the schema first, then those between its parts. */
export function readProfile(document: unknown): ReadProfile {
  const parsed = readDocument(profileSchema, document);
  if (!parsed.ok) return parsed;
  const { metadata, spec } = parsed.value;
  const [first, ...others] = spec.deliveries.map(readDelivery);
  if (!first)
    return { ok: false, problems: [{ path: ['spec', 'deliveries'], message: 'must name at least one delivery' }] };
  const environment = spec.environment.map(readEnvironment);
  const ordered = inOrder(environment);
  const profile = toProfile(metadata.name, spec, [first, ...others], ordered.ok ? ordered.entries : environment);
  const problems = [
    ...problemsIn(spec, profile, environment),
    ...(ordered.ok ? [] : [{ path: ['spec', 'environment', ordered.index, 'value'], message: ordered.message }]),
  ];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, profile };
}

function toProfile(
  name: string,
  spec: Spec,
  deliveries: Profile['deliveries'],
  environment: readonly EnvironmentEntry[],
): Profile {
  const { vendor, description, language, documentation, sources, namespaces, slots, conflicts, advisories, tests } =
    spec;
  const { kubernetes, ...constraints } = spec.constraints;
  return {
    name,
    vendor,
    description,
    language,
    documentation,
    sources,
    namespaces,
    slots,
    conflicts,
    advisories,
    tests,
    constraints: {
      ...constraints,
      arch: constraints.arch,
      libc: constraints.libc,
      kubernetes: kubernetes === undefined ? undefined : parseVersion(kubernetes),
    },
    include: spec.containers.include,
    exclude: spec.containers.exclude,
    parameters: new Map(spec.parameters.map((parameter) => [parameter.name, parameter])),
    variants: spec.variants.map((variant) => ({ ...variant, values: new Map(Object.entries(variant.values)) })),
    deliveries,
    mounts: spec.mounts.map(({ path, subPath, readOnly }) => ({
      path,
      subPath: subPath === undefined ? undefined : parseTemplate(subPath),
      readOnly,
    })),
    writable: writableOf(name, spec.writable),
    files: spec.files.map(({ path, content, when }) => ({ path, content: parseTemplate(content), when })),
    environment,
    changes: changesBy(environment),
  };
}

function writableOf(profile: string, directories: Spec['writable']): readonly Writable[] {
  const names = volumeNames(
    profile,
    directories.map(({ path }) => path),
  );
  return directories.map(({ path, sizeLimit, when }, index) => {
    return { path, volume: names[index] ?? profile, sizeLimit, when };
  });
}
