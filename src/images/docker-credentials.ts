import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { parsedJson } from '../lib/json.ts';
import { errorMessage } from '../lib/error-message.ts';
import { ImageError } from './image-error.ts';
import { credentialKeys } from '../kubernetes/images/reference.ts';

/** What a registry's token server or the registry itself asks for. */
export type Credentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A refresh token, as `docker login` to Azure Container Registry stores it. */
  | { readonly kind: 'identityToken'; readonly token: string };

// docker/cli: cli/config/configfile/file.go. Podman's auth.json has the same form.
const fileSchema = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

type ConfigFile = z.infer<typeof fileSchema>;

const helperSchema = z.object({ Username: z.string(), Secret: z.string() });

/** docker/docker-credential-helpers: the user name that says that the secret is an identity token. */
const TOKEN_USER = '<token>';

const HELPER_TIMEOUT_MS = 15_000;

/** The user's credentials for a registry, as `docker login` stored them. Undefined: none. Throws an ImageError for a broken file or helper. */
export async function credentialsFor(registry: string, files: readonly string[]): Promise<Credentials | undefined> {
  for (const file of files) {
    // oxlint-disable-next-line eslint/no-await-in-loop -- the first file that has some counts
    const found = await credentialsIn(file, registry);
    if (found) return found;
  }
  return undefined;
}

async function readConfig(file: string): Promise<ConfigFile | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new ImageError(`${file} could not be read: ${error.message}`);
  });
  if (text === undefined) return undefined;
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    // Not the parser's text: it may quote a password.
    throw new ImageError(`${file} is not a configuration file of Docker`);
  }
}

async function credentialsIn(file: string, registry: string): Promise<Credentials | undefined> {
  const config = await readConfig(file);
  if (!config) return undefined;
  const keys = credentialKeys(registry);
  // An empty name is none, as in Docker.
  const helped = keys.find((key) => config.credHelpers?.[key]);
  const helper = helped === undefined ? undefined : config.credHelpers?.[helped];
  if (helped !== undefined && helper !== undefined) return askHelper(helper, helped);
  const [key = registry] = keys;
  return storedIn(config, keys) ?? (config.credsStore ? askHelper(config.credsStore, key) : undefined);
}

function storedIn({ auths = {} }: ConfigFile, keys: readonly string[]): Credentials | undefined {
  const entries = keys.flatMap((key) => auths[key] ?? []);
  const token = entries.find(({ identitytoken }) => identitytoken)?.identitytoken;
  if (token !== undefined) return { kind: 'identityToken', token };
  const auth = entries.find((entry) => entry.auth)?.auth;
  return auth === undefined ? undefined : decodeBasic(auth);
}

function decodeBasic(auth: string): Credentials | undefined {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0
    ? undefined
    : { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** The protocol of docker-credential-helpers: the registry on standard input, JSON on standard output. */
async function askHelper(name: string, registry: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) throw new ImageError(`"${name}" is not the name of a credential helper`);
  const answer = await new Promise<string | undefined>((resolve, reject) => {
    const child = execFile(program, ['get'], { timeout: HELPER_TIMEOUT_MS }, (error, stdout) => {
      if (!error) resolve(stdout);
      else if (/credentials not found/i.test(stdout)) resolve(undefined);
      else reject(new ImageError(`${program} failed: ${errorMessage(error).split('\n')[0]}`));
    });
    // A helper that ends without reading has answered all the same.
    child.stdin?.on('error', () => {});
    child.stdin?.end(registry);
  });
  if (answer === undefined) return undefined;
  const parsed = helperSchema.safeParse(parsedJson(answer));
  if (!parsed.success) throw new ImageError(`${program} did not answer with a user name and a secret`);
  const { Username, Secret } = parsed.data;
  return Username === TOKEN_USER
    ? { kind: 'identityToken', token: Secret }
    : { kind: 'basic', username: Username, password: Secret };
}
