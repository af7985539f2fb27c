import type { Result } from '../../lib/result.ts';

/** An image as the OCI distribution specification names it, with the defaults of Docker filled in. */
export interface ImageReference {
  /** As it was written. */
  readonly text: string;
  /** Host, with its port if there is one. Docker Hub's is registry-1.docker.io. */
  readonly registry: string;
  readonly repository: string;
  /** Tag or digest. A digest wins over a tag. */
  readonly version: string;
  readonly digest: string | undefined;
}

/** What Docker calls the registry of images that name none, and where its API is. */
const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_API = 'registry-1.docker.io';

// distribution/reference: regexp.go. The length of a name is bounded there, too.
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const REPOSITORY = /^(?=.{1,255}$)[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Parses a reference as Docker and the kubelet do. The error says what is wrong with it. */
export function parseReference(text: string): Result<ImageReference, string> {
  const [named = '', digest, ...rest] = text.split('@');
  const { registry, path } = splitRegistry(named);
  const [name = '', tag = 'latest'] = splitTag(path);
  const rules: readonly (readonly [holds: boolean, otherwise: string])[] = [
    [rest.length === 0, 'it has more than one @'],
    [digest === undefined || DIGEST.test(digest), 'its digest must be sha256: and 64 hexadecimal digits'],
    [HOST.test(registry), `"${registry}" is not a host`],
    [TAG.test(tag), `"${tag}" is not a tag`],
    [REPOSITORY.test(name), 'its name must be of lower-case letters, digits, and single . _ - or / between them'],
  ];
  const error = rules.find(([holds]) => !holds)?.[1];
  if (error !== undefined) return { ok: false, error };
  return { ok: true, value: { text, ...located(registry, name), version: digest ?? tag, digest } };
}

function splitTag(path: string): readonly string[] {
  const colon = path.lastIndexOf(':');
  return colon < 0 ? [path] : [path.slice(0, colon), path.slice(colon + 1)];
}

/** As Docker: the first part is a host if it has a dot, a port or a capital letter, or is localhost. */
function splitRegistry(named: string): { readonly registry: string; readonly path: string } {
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  return isHost ? { registry: first, path: named.slice(slash + 1) } : { registry: DOCKER_HUB, path: named };
}

function located(registry: string, name: string): Pick<ImageReference, 'registry' | 'repository'> {
  if (registry !== DOCKER_HUB && registry !== 'index.docker.io') return { registry, repository: name };
  return { registry: DOCKER_HUB_API, repository: name.includes('/') ? name : `library/${name}` };
}

/** The keys under which Docker keeps the credentials of a registry, the usual one first. */
export function credentialKeys(registry: string): readonly string[] {
  return registry === DOCKER_HUB_API
    ? ['https://index.docker.io/v1/', DOCKER_HUB, 'index.docker.io', DOCKER_HUB_API]
    : [registry, `https://${registry}`, `http://${registry}`];
}

/** By what facts about an image are found: its digest, or else its name with the defaults of Docker filled in. Both undefined for no image. */
export interface ImageKeys {
  readonly digest: string | undefined;
  readonly tag: string | undefined;
}

export function imageKeys(text: string): ImageKeys {
  const parsed = parseReference(text);
  if (!parsed.ok) return { digest: undefined, tag: undefined };
  const { registry, repository, version, digest } = parsed.value;
  return digest === undefined ? { digest, tag: `${registry}/${repository}:${version}` } : { digest, tag: undefined };
}
