import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describeFailure } from '../cluster/client/errors.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { sendOnce } from '../cluster/one-shot.ts';
import type { Clock } from '../lib/clock.ts';
import { type Json, type JsonObject, objectIn, textIn } from '../lib/json.ts';
import type { Sight } from '../page/visible.ts';
import { type Access, type Admitted, refused } from './access.ts';
import { TimedCache } from './timed-cache.ts';

/** For how long an answer of the API server counts. */
const KNOWN_MS = 60_000;

/** Tokens, or users, that are known at a time. */
const MAX_KNOWN = 1000;

/** Longer ones are refused without asking. */
const MAX_TOKEN_LENGTH = 16_384;

/** Namespaces of which the API server is asked for one viewer. */
const MAX_NAMESPACES = 2000;

const AT_ONCE = 8;

/** Tokens that are not known are checked in a second: anyone can make them up. */
const MAX_PER_SECOND = 20;

class RefusedToken extends Error {}

/** Who a token is of, in the form of a SubjectAccessReview. */
interface User {
  readonly name: string;
  readonly subject: JsonObject;
}

/**
 * Access by bearer tokens: the API server says whose they are (TokenReview), and of which namespaces the user may list the pods
 * (SubjectAccessReview).
 */
export class TokenAccess implements Access {
  readonly areFilesOpen = true;
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #namespaces: () => Promise<readonly string[]>;
  readonly #users: TimedCache<User>;
  /** By token, why it is refused: tokens that anyone makes up put no viewer out of the cache. */
  readonly #refused: TimedCache<string>;
  #reviewed = { second: -1, count: 0 };
  readonly #sights: TimedCache<Sight>;

  /** `namespaces`: those that the page can show at all. */
  constructor(client: KubeClient, namespaces: () => Promise<readonly string[]>, clock: Clock) {
    this.#client = client;
    this.#namespaces = namespaces;
    this.#clock = clock;
    const limits = { clock, keptMs: KNOWN_MS, maxEntries: MAX_KNOWN, maxPending: AT_ONCE };
    this.#users = new TimedCache(limits);
    this.#refused = new TimedCache(limits);
    this.#sights = new TimedCache(limits);
  }

  async admit({ headers }: IncomingMessage): Promise<Admitted> {
    const [, token] = /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? '') ?? [];
    if (token === undefined || token.length > MAX_TOKEN_LENGTH)
      return refused(401, 'token-needed', 'a bearer token of the cluster is needed');
    const key = createHash('sha256').update(token).digest('base64');
    const found = await this.#known(key, token);
    if (found === undefined) return refused(503, 'busy', 'too many tokens are being checked: try again');
    if (typeof found === 'string') return refused(401, 'token-needed', found);
    return { kind: 'viewer', viewer: { user: found.name, sight: () => this.#sightOf(found) } };
  }

  /** A text says why the token is refused. Undefined if there are too many tokens to check. */
  async #known(key: string, token: string): Promise<User | string | undefined> {
    const known = this.#refused.fresh(key) ?? this.#users.fresh(key);
    if (known !== undefined) return known;
    // A viewer whose answer has become old does not wait for tokens that are made up.
    if (!this.#users.has(key) && !this.#mayReview()) return undefined;
    try {
      return await this.#users.get(key, () => this.#review(token));
    } catch (error) {
      if (!(error instanceof RefusedToken)) throw error;
      this.#refused.keep(key, error.message);
      return error.message;
    }
  }

  #mayReview(): boolean {
    const second = Math.floor(this.#clock.now() / 1000);
    if (this.#reviewed.second !== second) this.#reviewed = { second, count: 0 };
    return ++this.#reviewed.count <= MAX_PER_SECOND;
  }

  /** Throws a RefusedToken if the API server does not accept the token, an Error if the API server cannot be asked. */
  async #review(token: string): Promise<User> {
    const answer = await sendOnce(this.#client, '/apis/authentication.k8s.io/v1/tokenreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token },
    });
    if (answer.kind !== 'ok') throw new Error(`the token could not be checked: ${describeFailure(answer)}`);
    const status = objectIn(answer.body, 'status');
    const user = objectIn(status, 'user');
    const name = textIn(user, 'username');
    if (status['authenticated'] !== true || name === '')
      throw new RefusedToken('the API server does not accept this token');
    const { uid, groups, extra } = user;
    return { name, subject: { user: name, uid, groups, extra } };
  }

  async #sightOf({ subject }: User): Promise<Sight> {
    const sight = await this.#sights.get(JSON.stringify(subject), () => this.#look(subject));
    if (sight === undefined) throw new Error('too many viewers at once: try again');
    return sight;
  }

  async #look(subject: JsonObject): Promise<Sight> {
    if (await this.#mayList(subject, undefined)) return { isOfAll: true, namespaces: new Set() };
    const asked = (await this.#namespaces()).slice(0, MAX_NAMESPACES);
    const seen = new Set<string>();
    const rest = asked.values();
    const ask = async (): Promise<void> => {
      for (const name of rest) if (await this.#mayList(subject, name)) seen.add(name);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    return { isOfAll: false, namespaces: seen };
  }

  /** `namespace` undefined: of all. Throws an Error if the API server cannot be asked: then nothing is shown. */
  async #mayList(subject: JsonObject, namespace: string | undefined): Promise<boolean> {
    const attributes: Record<string, Json> = { verb: 'list', version: 'v1', resource: 'pods' };
    if (namespace !== undefined) attributes['namespace'] = namespace;
    const answer = await sendOnce(this.#client, '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { ...subject, resourceAttributes: attributes },
    });
    if (answer.kind !== 'ok') throw new Error(`your rights could not be checked: ${describeFailure(answer)}`);
    const { allowed, denied } = objectIn(answer.body, 'status');
    return allowed === true && denied !== true;
  }
}
