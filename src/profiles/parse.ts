import { profileSchema, type Spec } from '../api/profile/profile.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { volumeNames } from '../kubernetes/volume-name.ts';
import { readDelivery } from './delivery.ts';
import { changesBy, type EnvironmentEntry, inOrder, readEnvironment } from './environment.ts';
import type { Problem } from './problem.ts';
import type { Profile, Writable } from './profile.ts';
import { readDocument } from './schema-errors.ts';
import { parseTemplate } from './template.ts';
import { problemsIn } from './validate.ts';

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
