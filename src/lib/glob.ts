/** True when the pattern has a wildcard, so that it is a glob and not a name. */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

/** No container has a longer name (RFC 1123 label), and a pattern of more characters than that is made to hurt. */
const MAX_NAME_LENGTH = 63;

/** Image references: a registry's host, a path of 255 characters, a digest (github.com/distribution/reference). */
export const MAX_IMAGE_LENGTH = 512;

/**
 * Whether the name matches the glob (`*` any run, `?` one character; all else literal). With one point to go back to it takes at most the
 * product of both lengths, which are bounded: a pattern comes from a pod, and a regular expression made of it could take exponential time.
 */
export function matchesGlob(pattern: string, name: string, longest: number = MAX_NAME_LENGTH): boolean {
  if (pattern.length > longest || name.length > longest) return false;
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
