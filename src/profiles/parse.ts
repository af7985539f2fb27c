import { profileSchema, type Spec } from '../api/profile/profile.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { volumeNames } from '../kubernetes/volume-name.ts';
import type { Result } from '../lib/result.ts';
import { parseDelivery } from './delivery.ts';
import { changesBy, type EnvironmentEntry, parseEntry, referencesBy, sortByReference } from './environment.ts';
import type { Problem } from './problem.ts';
import type { MountedObject, Profile, WritableDirectory } from './profile.ts';
import { parseWithSchema } from './schema-errors.ts';
import { parseTemplate } from './template.ts';
import { validate } from './validate.ts';

/** Parses an AgentProfile document. Fails with all errors of the schema, or with all errors between the parts of the spec. */
export function parseProfile(document: unknown): Result<Profile, readonly Problem[]> {
  const parsed = parseWithSchema(profileSchema, document);
  if (!parsed.ok) return parsed;
  const { metadata, spec } = parsed.value;
  const [first, ...others] = spec.deliveries.map(parseDelivery);
  if (!first) return { ok: false, error: [{ path: ['spec', 'deliveries'], message: 'must have at least one entry' }] };
  const references = referencesBy(spec);
  const environment = spec.environment.map((entry) => parseEntry(entry, references));
  const sorted = sortByReference(environment);
  const profile = toProfile(metadata.name, spec, [first, ...others], sorted.ok ? sorted.value : environment);
  const problems = [
    ...validate(spec, profile, environment),
    ...(sorted.ok
      ? []
      : [{ path: ['spec', 'environment', sorted.error.index, 'value'], message: sorted.error.message }]),
  ];
  return problems.length > 0 ? { ok: false, error: problems } : { ok: true, value: profile };
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
    suspended: spec.suspended,
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
    writable: writableDirectories(name, spec.writable),
    files: spec.files.map(({ path, content, when }) => ({ path, content: parseTemplate(content), when })),
    objects: mountedObjects(name, spec.objects),
    environment,
    changes: changesBy(environment),
  };
}

function mountedObjects(profile: string, objects: Spec['objects']): readonly MountedObject[] {
  const names = volumeNames(
    profile,
    objects.map(({ path }) => path),
  );
  return objects.map(({ path, secret, configMap, when }, index) => {
    const kind = secret === undefined ? 'configMap' : 'secret';
    return { path, volume: names[index] ?? profile, kind, name: parseTemplate(secret ?? configMap ?? ''), when };
  });
}

function writableDirectories(profile: string, directories: Spec['writable']): readonly WritableDirectory[] {
  const paths = directories.map(({ path }) => path);
  const names = volumeNames(profile, paths);
  return directories.map(({ path, sizeLimit, when }, index) => {
    return { path, volume: names[index] ?? profile, sizeLimit, when };
  });
}
