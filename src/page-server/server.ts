import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gunzipSync, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { ForbiddenError } from '../cluster/client/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/error-message.ts';
import { seesNothing } from '../page/visible.ts';
import type { PageError } from '../page/wire.ts';
import type { Access, Refusal, Viewer } from './access.ts';
import { Api } from './api.ts';
import { Changes } from './changes.ts';
import { type Hosts, originProblem, SECURITY_HEADERS } from './headers.ts';
import type { PageFile, PageFiles } from './page-files.ts';
import { Refresher, type Rendered } from './refresher.ts';
import type { PageSource } from './source.ts';

export interface PageServerOptions {
  /** Path of the page, with a slash at both ends. */
  readonly base: string;
  readonly hosts: () => Hosts;
  readonly access: Access;
  readonly source: PageSource;
  readonly files: PageFiles;
  readonly clock: Clock;
  /** Paths that answer without a viewer: for the kubelet. */
  readonly probes?: ReadonlySet<string>;
}

interface Asked {
  readonly url: URL;
  /** Below the base. */
  readonly path: string;
  readonly file: PageFile | undefined;
}

const MAX_CONNECTIONS = 256;

/** A browser sends cookies and a token; the answer to more is 431. */
const MAX_HEADER_BYTES = 32_768;

const LIMITS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 30_000,
};

/** A connection on which nothing moves: that of a viewer who does not read. Streams have a ping before. */
const IDLE_MS = 120_000;

/** Smaller bodies are not worth it. */
const COMPRESSED_FROM = 1024;

/** The HTTP server of the page. It answers GET and HEAD, and writes nothing anywhere. */
export class PageServer {
  readonly http: Server;
  readonly #options: PageServerOptions;
  readonly #api: Api;
  readonly #changes: Changes;

  constructor(options: PageServerOptions) {
    const { source, clock } = options;
    const refresher = new Refresher(() => source.overview(), clock);
    this.#options = options;
    this.#api = new Api(source, refresher, clock);
    this.#changes = new Changes(refresher, clock);
    this.http = createServer(LIMITS, (request, response) => void this.#answer(request, response));
    this.http.maxConnections = MAX_CONNECTIONS;
    this.http.setTimeout(IDLE_MS);
    // The page is opened a moment later. Why a reading fails is told to those who ask.
    refresher.overview().catch(() => undefined);
  }

  /** Ends all connections. */
  close(): Promise<void> {
    this.#changes.close();
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      this.http.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, text] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, text);
    try {
      await this.#route(request, response);
    } catch (error) {
      const message = errorMessage(error);
      const isForbidden = error instanceof ForbiddenError;
      refuse(
        request,
        response,
        isForbidden ? { status: 403, code: 'forbidden', message } : { status: 503, code: 'unavailable', message },
      );
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { hosts, probes } = this.#options;
    const { method = '', url: target = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return refuse(request, response, ONLY_READS);
    }
    if (probes?.has(target)) return void response.writeHead(200, TEXT).end('ok\n');
    const problem = originProblem(request, hosts());
    if (problem) return refuse(request, response, problem);
    const asked = this.#askedFor(target);
    return asked ? this.#admit(request, response, asked) : refuse(request, response, NOT_FOUND);
  }

  /** Undefined for what is no path of the page. */
  #askedFor(target: string): Asked | undefined {
    const { base } = this.#options;
    const url = urlOf(target);
    if (!url?.pathname.startsWith(base)) return undefined;
    const path = url.pathname.slice(base.length);
    return { url, path, file: this.#fileOf(path) };
  }

  async #admit(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
    const { access } = this.#options;
    const { url, path, file } = asked;
    if (file && access.areFilesOpen) return sendFile(request, response, file, path);
    const admitted = await access.admit(request, url);
    if (admitted.kind === 'refused') return refuse(request, response, admitted.refusal);
    if (admitted.kind === 'signed-in') return signIn(response, admitted);
    if (file) return sendFile(request, response, file, path);
    if (path === 'api/changes') return this.#subscribe(request, response, url, admitted.viewer);
    return this.#answerApi(request, response, { path, url, viewer: admitted.viewer });
  }

  async #answerApi(
    request: IncomingMessage,
    response: ServerResponse,
    { path, url, viewer }: { readonly path: string; readonly url: URL; readonly viewer: Viewer },
  ): Promise<void> {
    const [, name] = /^api\/([a-z]+)$/.exec(path) ?? [];
    const answer = name === undefined ? undefined : await this.#api.answer(name, url.searchParams, viewer);
    if (!answer) return refuse(request, response, NOT_FOUND);
    if (answer.kind === 'refused') return refuse(request, response, answer.refusal);
    return answer.kind === 'rendered'
      ? sendRendered(request, response, answer)
      : sendJson(request, response, JSON.stringify(answer.value));
  }

  /** The page is one document; what it shows is in its fragment. */
  #fileOf(path: string): PageFile | undefined {
    return this.#options.files.get(path === '' ? 'index.html' : path);
  }

  async #subscribe(request: IncomingMessage, response: ServerResponse, url: URL, first: Viewer): Promise<void> {
    if (request.method === 'HEAD') return void response.writeHead(200).end();
    if (this.#changes.isFullFor(first))
      return refuse(request, response, { status: 503, code: 'busy', message: 'too many pages are open' });
    if (seesNothing(await first.sight()))
      return refuse(request, response, { status: 403, code: 'forbidden', message: 'you may not list pods' });
    this.#changes.add(response, first, async () => {
      const admitted = await this.#options.access.admit(request, url);
      const isBusy = admitted.kind === 'refused' && admitted.refusal.status === 503;
      if (isBusy) throw new Error(admitted.refusal.message);
      return admitted.kind === 'viewer' ? admitted.viewer : undefined;
    });
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

const ONLY_READS: Refusal = { status: 405, code: 'bad-request', message: 'only GET and HEAD are answered' };

const NOT_FOUND: Refusal = { status: 404, code: 'not-found', message: 'there is nothing of that name' };

/** Undefined for what is no path of this server. */
function urlOf(target: string): URL | undefined {
  return target.startsWith('/') && URL.canParse(`http://page${target}`) ? new URL(`http://page${target}`) : undefined;
}

function signIn(
  response: ServerResponse,
  { cookie, location }: { readonly cookie: string; readonly location: string },
): void {
  response.writeHead(303, { 'set-cookie': cookie, location, 'cache-control': 'no-store' }).end();
}

/** JSON for the application; a line of text for the person who opens the address of the page. */
function refuse(request: IncomingMessage, response: ServerResponse, { status, code, message }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  response.setHeader('cache-control', 'no-store');
  const body: PageError = { error: { code, message } };
  const isForPerson = request.headers.accept?.includes('text/html') === true;
  response.writeHead(status, isForPerson ? TEXT : { 'content-type': 'application/json; charset=utf-8' });
  response.end(request.method === 'HEAD' ? undefined : isForPerson ? `${message}\n` : JSON.stringify(body));
}

/** Names of files are made of their contents, other than that of the document. */
function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { type, gzip: packed }: PageFile,
  path: string,
): void {
  response.setHeader('content-type', type);
  response.setHeader(
    'cache-control',
    path === '' || path === 'index.html' ? 'no-cache' : 'private, max-age=31536000, immutable',
  );
  response.setHeader('vary', 'accept-encoding');
  const isPacked = acceptsGzip(request);
  if (isPacked) response.setHeader('content-encoding', 'gzip');
  send(request, response, isPacked ? packed : gunzipSync(packed));
}

function describeJson(response: ServerResponse): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('cache-control', 'private, no-cache');
  response.setHeader('vary', 'accept-encoding, authorization, cookie');
}

function sendRendered(request: IncomingMessage, response: ServerResponse, { plain, packed, etag }: Rendered): void {
  describeJson(response);
  response.setHeader('etag', etag);
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
  const isPacked = plain.length >= COMPRESSED_FROM && acceptsGzip(request);
  if (isPacked) response.setHeader('content-encoding', 'gzip');
  send(request, response, isPacked ? packed : plain);
}

async function sendJson(request: IncomingMessage, response: ServerResponse, json: string): Promise<void> {
  describeJson(response);
  const isPacked = json.length >= COMPRESSED_FROM && acceptsGzip(request);
  if (isPacked) response.setHeader('content-encoding', 'gzip');
  send(request, response, isPacked ? await promisify(gzip)(json, { level: 1 }) : Buffer.from(json));
}

function send(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function acceptsGzip({ headers }: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(headers['accept-encoding']?.toString() ?? '');
}
