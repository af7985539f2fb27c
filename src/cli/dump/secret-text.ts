import { withoutPathSecrets } from '../../api/paths.ts';
import { isSecretName } from './secret-names.ts';

export const REDACTED = '[redacted]';

/** User and password of a URL: the part before the last @ of its authority. */
const USER = /:\/\/[^\s/?#"'<>\\]*@/g;

/** What stands before a value: `-Dlicense.key=abc`, `?token=abc`, `api-key: abc`, `"password": "a b"`, `Authorization: Bearer abc`. */
const NAME = /(?<![\w.-])([\w.-]{1,128})["']?[ \t]{0,8}[=:][ \t]{0,8}(?:(?:Bearer|Basic)[ \t]+)?/gi;

const VALUE = /"[^"\n]*"|'[^'\n]*'|[^\s,;&"']+/y;

/** A template or a reference to another variable alone: it says where a secret is, and not what it is. */
const REFERENCE = /^["']?\$(?:\{[\w.-]+\}|\([\w.-]+\))["']?$/;

/** A text without the secrets that its form shows: users in URLs, assignments to names of secrets, and the secret in the path of the webhook. */
export function withoutSecrets(text: string): string {
  return withoutPathSecrets(withoutAssignments(text).replaceAll(USER, `://${REDACTED}@`));
}

function withoutAssignments(text: string): string {
  const parts: string[] = [];
  let kept = 0;
  for (const { index, 0: all, 1: name = '' } of text.matchAll(NAME)) {
    const start = index + all.length;
    // What a value contains is no assignment of its own.
    if (index < kept || !isSecretName(name)) continue;
    VALUE.lastIndex = start;
    const [value] = VALUE.exec(text) ?? [];
    if (value === undefined || isReference(value)) continue;
    parts.push(text.slice(kept, start), REDACTED);
    kept = start + value.length;
  }
  return parts.join('') + text.slice(kept);
}

export function isReference(value: string): boolean {
  return REFERENCE.test(value);
}
