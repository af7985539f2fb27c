/** The path that the webhook entry for optional injection calls. */
export const MUTATE_PATH = '/mutate';

/** The path that the entries for required pods call: injection is required for every pod in a review there. */
export const REQUIRED_PATH = '/mutate/required';

/** A path of the webhook port. With a secret, the path is known only to those who may read the webhook configuration. */
export interface WebhookPath {
  readonly required: boolean;
  /** Undefined in a plain path. */
  readonly secret: string | undefined;
}

/** The API server requires each step of a path to be a DNS-1123 subdomain. 26 characters of base32 have 128 bits. */
const PATTERN = /^\/mutate(?<required>\/required)?(?:\/(?<secret>[a-z0-9]{26,63}))?$/;

/** Parses the exact spelling of a path of the webhook port; undefined for any other path. */
export function parseWebhookPath(path: string): WebhookPath | undefined {
  const groups = PATTERN.exec(path)?.groups;
  return groups && { required: groups['required'] !== undefined, secret: groups['secret'] };
}

export function webhookPath({ required, secret }: WebhookPath): string {
  const plain = required ? REQUIRED_PATH : MUTATE_PATH;
  return secret === undefined ? plain : `${plain}/${secret}`;
}

export function isPlainPath(path: string): boolean {
  return path === MUTATE_PATH || path === REQUIRED_PATH;
}

/** Replaces the secrets of paths in a text: messages of the API server contain the URL that it called. */
export function withoutPathSecrets(text: string): string {
  return text.replaceAll(/(\/mutate(?:\/required)?\/)[a-z0-9]{26,63}/g, '$1…');
}
