const CREDENTIAL =
  /(?:^|[_.-])(?:(?:api|app|license|access|ingest)_?key|(?:\w+_)?token|password|passwd|secret|credentials?|authentication)$/i;

/** Of a list of headers: `authorization=…`, `api-key=…`. */
const HEADER = /(?:^|,)\s*[^=,]*(?:authorization|key|token|secret|password)[^=,]*=./i;

/** True for the value of a variable or an option that other people should not read. */
export function isCredential(name: string, value: string): boolean {
  // A reference to another variable, a switch or a number gives nothing away.
  if (/^(?:|true|false|\d{1,5}|\$\(\w+\))$/i.test(value)) return false;
  return CREDENTIAL.test(name) || (/(?:^|_)HEADERS$/.test(name) && HEADER.test(value));
}

export const IN_CLEAR = {
  why: 'its value seems to be a credential, and many people can read a profile',
  todo: 'put it into a Secret, and refer to it by the setting of the profile for a Secret, or with valueFrom in a profile that extends it',
} as const;
