import { withoutPathSecrets } from '../../api/paths.ts';
import { isObject, type Json } from '../../lib/json.ts';

/** Fields that are left out wherever they are: they say nothing about a defect, and may hold what someone else has applied. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'managedFields',
  'kubectl.kubernetes.io/last-applied-configuration',
  'caBundle',
]);

/** Words in the name of a variable or a key that say that its value is secret. */
const SECRET_NAME = /pass(?:word|wd)|secret|token|api-?_?key|license|credential|private/i;

/** The part of a value that references a Secret, and is no secret itself. */
const REFERENCE = /name|ref|mount|volume/i;

/** A line of a YAML text in a ConfigMap: `api-key: abc`. */
const SECRET_LINE =
  /^([ \t]*(?:- )?[\w.-]*(?:passw|token|api-?_?key|license-?_?key|credential|private)[\w.-]*[ \t]*:[ \t]*)\S.*$/gim;

/** A copy without what is secret: values of variables and keys whose names say so, and the secret in the path of the webhook. */
export function redacted(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value ?? null));
  return redact(json);
}

function redact(value: Json): Json {
  if (typeof value === 'string') return withoutPathSecrets(value.replaceAll(SECRET_LINE, '$1[redacted]'));
  if (Array.isArray(value)) return value.map(redact);
  if (!isObject(value)) return value;
  const isSecretVariable = typeof value['name'] === 'string' && SECRET_NAME.test(value['name']);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !LEFT_OUT.has(key))
      .map(([key, one = null]) => {
        const isHidden = typeof one === 'string' && (key === 'value' ? isSecretVariable : isSecretKey(key));
        return [key, isHidden ? '[redacted]' : redact(one)];
      }),
  );
}

function isSecretKey(key: string): boolean {
  return SECRET_NAME.test(key) && !REFERENCE.test(key);
}
