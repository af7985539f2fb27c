import { sleep, systemClock } from '../lib/clock.ts';
import { type Blob, MAX_CONFIG_BYTES, MAX_MANIFEST_BYTES, checkDigest, digestOf } from './blob.ts';
import type { Credentials } from './docker-credentials.ts';
import { type HttpAnswer, send } from './http.ts';
import type { BlobSource } from './image.ts';
import { ImageError } from './image-error.ts';
import type { ImageReference } from '../kubernetes/images/reference.ts';
import { authorize, challengeOf } from './registry-token.ts';

export interface RegistryOptions {
  readonly credentials: () => Promise<Credentials | undefined>;
  /** Speak HTTP instead of HTTPS, also beyond loopback. */
  readonly plainHttp?: boolean;
  readonly wait?: (ms: number) => Promise<void>;
}

// OCI distribution specification 1.1, and Docker's media types, which most registries still answer with.
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const MAX_REDIRECTS = 5;

const pause = (ms: number): Promise<void> => sleep(systemClock, ms);

/** A registry that answers 429 or 503 is asked again, this many times. */
const MAX_ATTEMPTS = 3;
const MAX_WAIT_MS = 30_000;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;

/** Reads an image from its registry by the OCI distribution API. */
export class Registry implements BlobSource {
  readonly #reference: ImageReference;
  readonly #options: RegistryOptions;
  readonly #base: string;
  #authorization: string | undefined;

  constructor(reference: ImageReference, options: RegistryOptions) {
    this.#reference = reference;
    this.#options = options;
    const { registry, repository } = reference;
    // As Docker and go-containerregistry: a registry on loopback needs no TLS.
    const scheme = options.plainHttp === true || LOOPBACK.test(registry) ? 'http' : 'https';
    this.#base = `${scheme}://${registry}/v2/${repository}`;
  }

  async root(): Promise<Blob> {
    const { version, digest } = this.#reference;
    const bytes = await this.#get(`manifests/${version}`, MAX_MANIFEST_BYTES);
    return digest === undefined ? { bytes, digest: digestOf(bytes) } : checkDigest(bytes, digest, 'the manifest');
  }

  async manifest(digest: string): Promise<Blob> {
    return checkDigest(await this.#get(`manifests/${digest}`, MAX_MANIFEST_BYTES), digest, 'the manifest');
  }

  async config(digest: string): Promise<Blob> {
    return checkDigest(await this.#get(`blobs/${digest}`, MAX_CONFIG_BYTES), digest, 'the config');
  }

  async #get(path: string, maxBytes: number): Promise<Buffer> {
    const url = new URL(`${this.#base}/${path}`);
    let answer = await this.#patiently(url, maxBytes);
    if (answer.status === 401) {
      const { registry, repository } = this.#reference;
      const challenge = challengeOf(answer.headers['www-authenticate'], registry);
      this.#authorization = await authorize(challenge, repository, await this.#options.credentials());
      answer = await this.#patiently(url, maxBytes);
    }
    if (answer.status !== 200) throw new ImageError(refusal(answer, this.#reference));
    return answer.body;
  }

  /** A registry says with 429 how long to wait (Docker Hub's limit for users without an account is the usual one). */
  async #patiently(url: URL, maxBytes: number): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- attempts
      const answer = await this.#following(url, maxBytes);
      const waitMs = retryAfterMs(answer, attempt);
      if (waitMs === undefined || attempt === MAX_ATTEMPTS || waitMs > MAX_WAIT_MS) return answer;
      // oxlint-disable-next-line eslint/no-await-in-loop
      await (this.#options.wait ?? pause)(waitMs);
    }
  }

  /** Blobs are often on another host, which must not get the token of the registry. */
  async #following(start: URL, maxBytes: number): Promise<HttpAnswer> {
    let url = start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const isRegistry = url.origin === start.origin;
      const authorization =
        isRegistry && this.#authorization !== undefined ? { authorization: this.#authorization } : {};
      // oxlint-disable-next-line eslint/no-await-in-loop -- each answer names the next address
      const answer = await send({ url, headers: { accept: ACCEPT, ...authorization }, maxBytes });
      const { location } = answer.headers;
      // A challenge of the other host is not one of the registry: its token server would get the user's credentials.
      if (answer.status === 401 && !isRegistry)
        throw new ImageError(`${start.host} redirects to ${url.host}, which answers 401`);
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      url = nextAddress(url, location, start);
    }
    throw new ImageError(`${start.host} redirects more than ${MAX_REDIRECTS} times`);
  }
}

function nextAddress(url: URL, location: string, start: URL): URL {
  if (!URL.canParse(location, url.href))
    throw new ImageError(`${url.host} redirects to "${location}", which is not an address`);
  const next = new URL(location, url);
  if (next.protocol !== 'https:' && next.protocol !== start.protocol)
    throw new ImageError(`${url.host} redirects from ${url.protocol} to ${next.protocol}`);
  return next;
}

/** Undefined: there is nothing to wait for. */
function retryAfterMs({ status, headers }: HttpAnswer, attempt: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 1000 * 2 ** (attempt - 1);
}

function refusal({ status, body }: HttpAnswer, { registry, repository, version }: ImageReference): string {
  const said = firstMessage(body);
  const because = said === undefined ? '' : `: ${said}`;
  if (status === 401 || status === 403)
    return `${registry} refuses ${repository} (${status}${because}): the image does not exist, or needs a login (docker login ${registry})`;
  if (status === 404) return `${registry} has no ${repository} with ${version}${because}`;
  if (status === 429)
    return `${registry} answers 429, too many requests${because}: wait, or log in (docker login ${registry})`;
  return `${registry} answers ${status}${because}`;
}

/** OCI distribution: `{"errors": [{"code", "message"}]}`. */
function firstMessage(body: Buffer): string | undefined {
  const text = body.subarray(0, 4096).toString('utf8');
  return /"message"\s*:\s*"([^"\\]{1,200})"/.exec(text)?.[1];
}
