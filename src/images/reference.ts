import type { Result } from '../lib/result.ts';

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
export const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_API = 'registry-1.docker.io';

// distribution/reference: regexp.go. The length of a name is bounded there, too.
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_REPOSITORY_LENGTH = 255;

/** Parses a reference as Docker and the kubelet do. The error says what is wrong with it. */
export function parseReference(text: string): Result<ImageReference, string> {
  const [named = '', digest, ...rest] = text.split('@');
  if (rest.length > 0) return failed('it has more than one @');
  if (digest !== undefined && !DIGEST.test(digest)) return failed('its digest must be sha256: and 64 hexadecimal digits');
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first);
  const registry = isHost ? first : DOCKER_HUB;
  if (!HOST.test(registry)) return failed(`"${registry}" is not a host`);
  const path = isHost ? named.slice(slash + 1) : named;
  const colon = path.lastIndexOf(':');
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  const name = colon < 0 ? path : path.slice(0, colon);
  if (tag !== undefined && !TAG.test(tag)) return failed(`"${tag}" is not a tag`);
  if (!REPOSITORY.test(name) || name.length > MAX_REPOSITORY_LENGTH)
    return failed('its name must be of lower-case letters, digits, and single . _ - or / between them');
  const isHub = registry === DOCKER_HUB || registry === 'index.docker.io';
  return {
    ok: true,
    value: {
      text,
      registry: isHub ? DOCKER_HUB_API : registry,
      repository: isHub && !name.includes('/') ? `library/${name}` : name,
      version: digest ?? tag ?? 'latest',
      digest,
    },
  };
}

function failed(error: string): Result<never, string> {
  return { ok: false, error };
}

/** The keys under which Docker keeps the credentials of a registry, the usual one first. */
export function credentialKeys(registry: string): readonly string[] {
  return registry === DOCKER_HUB_API
    ? ['https://index.docker.io/v1/', DOCKER_HUB, 'index.docker.io', DOCKER_HUB_API]
    : [registry, `https://${registry}`, `http://${registry}`];
}
