import type * as z from 'zod';
import { profileSchema, type Spec } from '../api/profile/profile.ts';
import { parseVersion } from '../kubernetes/version.ts';
import { volumeNames } from '../kubernetes/volume-name.ts';
import { isObject, type Json } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { parseDelivery } from './delivery.ts';
import { changesBy, type EnvironmentEntry, parseEntry, referencesBy, sortByReference } from './environment.ts';
import type { Problem } from './problem.ts';
import type { Canary, MountedObject, Profile, WritableDirectory } from './profile.ts';
import { parseWithSchema } from './schema-errors.ts';
import { parseTemplate } from './template.ts';
import { validate } from './validate.ts';

/**
 * Parses an AgentProfile document. Fails with all errors of the schema and, as far as these do not hide them, all errors between the parts of the spec.
 */
export function parseProfile(document: unknown): Result<Profile, readonly Problem[]> {
  const parsed = parseWithSchema(profileSchema, document);
  if (!parsed.ok) return { ok: false, error: [...parsed.error, ...problemsBehind(document, parsed.error)] };
  return profileOf(parsed.value);
}

/** The errors that show once each misspelled field has the name that was meant: they are independent of the spelling. */
function problemsBehind(document: unknown, problems: readonly Problem[]): readonly Problem[] {
  if (!isObject(document) || problems.some(({ meant }) => meant === undefined)) return [];
  const renamed = problems.reduce<Json>((json, { path, meant = '' }) => withRenamed(json, path, meant), document);
  const parsed = parseWithSchema(profileSchema, renamed);
  const profile = parsed.ok ? profileOf(parsed.value) : undefined;
  return profile && !profile.ok ? profile.error : [];
}

/** The same value where the field is not there, or the one that was meant is there, too. */
function withRenamed(json: Json, [step, ...rest]: readonly PropertyKey[], meant: string): Json {
  if (Array.isArray(json))
    return json.map((item: Json, index) => (index === step ? withRenamed(item, rest, meant) : item));
  if (!isObject(json) || typeof step !== 'string') return json;
  const { [step]: value, ...others } = json;
  if (value === undefined) return json;
  if (rest.length > 0) return { ...json, [step]: withRenamed(value, rest, meant) };
  return meant in others ? json : { ...others, [meant]: value };
}

function profileOf({ metadata, spec }: z.infer<typeof profileSchema>): Result<Profile, readonly Problem[]> {
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
  const {
    vendor,
    description,
    language,
    detect,
    documentation,
    sources,
    namespaces,
    slots,
    conflicts,
    advisories,
    tests,
  } = spec;
  const { kubernetes, ...constraints } = spec.constraints;
  return {
    name,
    vendor,
    description,
    language,
    detect,
    documentation,
    sources,
    namespaces,
    suspended: spec.suspended,
    signsOfLife: spec.signsOfLife,
    canary: spec.canary && canaryOf(spec.canary),
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
    writablePaths: writableDirectories(name, spec.writablePaths),
    files: spec.files.map(({ path, content, when }) => ({ path, content: parseTemplate(content), when })),
    objects: mountedObjects(name, spec.objects),
    environment,
    changes: changesBy(environment),
  };
}

function canaryOf({ percent, version }: NonNullable<Spec['canary']>): Canary {
  const values = new Map(Object.entries(version?.values ?? {}));
  return { percent, version: version && { percent: version.percent, values } };
}

function mountedObjects(profile: string, objects: Spec['objects']): readonly MountedObject[] {
  const names = volumeNames(
    profile,
    objects.map(({ path }) => path),
  );
  return objects.map(({ path, secret, configMap, hostPath, when }, index) => {
    const kind = secret !== undefined ? 'secret' : configMap !== undefined ? 'configMap' : 'hostPath';
    const name = parseTemplate(secret ?? configMap ?? hostPath ?? '');
    return { path, volume: names[index] ?? profile, kind, name, when };
  });
}

function writableDirectories(profile: string, directories: Spec['writablePaths']): readonly WritableDirectory[] {
  const paths = directories.map(({ path }) => path);
  const names = volumeNames(profile, paths);
  return directories.map(({ path, sizeLimit, when }, index) => {
    return { path, volume: names[index] ?? profile, sizeLimit, when };
  });
}
