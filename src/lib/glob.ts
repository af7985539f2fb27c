export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

/** The longest name of a container (RFC 1123 label). */
const MAX_NAME_LENGTH = 63;

/** The longest image reference: a host, a path of 255 characters, a digest (github.com/distribution/reference). */
export const MAX_IMAGE_LENGTH = 512;

/**
 * Matches a name against a glob: `*` is any run of characters, `?` one character. Pods contain globs, so the time must be bounded: one point
 * of return limits it to the product of both lengths, where a regular expression could take exponential time.
 */
export function matchesGlob(pattern: string, name: string, maxLength: number = MAX_NAME_LENGTH): boolean {
  if (pattern.length > maxLength || name.length > maxLength) return false;
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
