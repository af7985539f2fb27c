/** Words in the name of a variable, parameter, flag or key that say that its value is secret. "author" and "authority" are not "auth". */
const WORD =
  /pass(?:word|wd|phrase|code)|pwd|secret|token|api[-_.]?key|access[-_.]?key|licen[cs]e|credential|private|auth(?!or)|bearer|cookie|headers|signature|dsn\b|connection[-_.]?string/i;

/** `ACME_KEY`, `agent-injector.io/acme-key`; not the `key` of a toleration or of a reference to a Secret. */
const ENDS_WITH_KEY = /[-_./](?:key|pin|pat)$/i;

/** A name for the name of something, such as the Secret that holds the key. */
const REFERENCE = /name$|refs?$|mount|volume|(?:key|licen[cs]e|pull|tls)[-_.]?secrets?$/i;

/** True if the name says that the value is secret. */
export function isSecretName(name: string): boolean {
  return (WORD.test(name) || ENDS_WITH_KEY.test(name)) && !REFERENCE.test(name);
}
