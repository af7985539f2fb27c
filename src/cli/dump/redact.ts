import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { readDocuments } from '../../manifests/yaml.ts';
import { yamlText } from '../profiles/yaml.ts';
import { isSecretName } from './secret-names.ts';
import { isReference, REDACTED, withoutSecrets } from './secret-text.ts';

/** Fields that are left out wherever they are: they say nothing about a defect, and may hold what someone else has applied. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'managedFields',
  'kubectl.kubernetes.io/last-applied-configuration',
  'caBundle',
  'binaryData',
]);

/** The fields with values of what `name` names: a variable, a parameter, a sign, a condition. */
const VALUES: ReadonlySet<string> = new Set(['value', 'default', 'values', 'absent', 'equals', 'contains', 'is']);

/**
 * A copy without what is secret: values whose names say so, in objects, in the documents of ConfigMaps and in texts; users in URLs; the contents of
 * configuration files; and the secret in the path of the webhook. What was left out in one place is left out wherever it stands again.
 */
export function redacted(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value ?? null));
  const secrets = new Set<string>();
  const copy = redact(json, secrets);
  const longestFirst = [...secrets].filter(isDistinctive).toSorted((one, other) => other.length - one.length);
  return longestFirst.length === 0 ? copy : without(copy, longestFirst);
}

function redact(value: Json, secrets: Set<string>): Json {
  if (typeof value === 'string') return withoutSecrets(value);
  if (isList(value))
    return value.map((one, index) => (isFlagBefore(value, index) ? hide(one, secrets) : redact(one, secrets)));
  if (!isObject(value)) return value;
  const isNamedSecret = namesOf(value).some(isSecretName);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !LEFT_OUT.has(key))
      .map(([key, one = null]) => [key, redactField(key, one, isNamedSecret, secrets)]),
  );
}

function redactField(key: string, value: Json, isNamedSecret: boolean, secrets: Set<string>): Json {
  // The values of a variant are an object: of each, the key is the choice.
  if (VALUES.has(key) && isNamedSecret && isObject(value)) return mapValues(value, (one) => hide(one, secrets));
  if (VALUES.has(key) ? isNamedSecret : isSecretName(key)) return hide(value, secrets);
  if (key === 'data' && isObject(value)) return mapValues(value, (one) => redactDocuments(one, secrets));
  // A configuration file of an agent: any form, and the place where keys are.
  if (key === 'content' && typeof value === 'string') return `[redacted: ${value.length} characters]`;
  return redact(value, secrets);
}

/** A value of a ConfigMap: YAML is read and printed again, without its comments. Of what cannot be read, nothing says where a secret is. */
function redactDocuments(value: Json, secrets: Set<string>): Json {
  if (typeof value !== 'string' || !value.includes('\n')) return redact(value, secrets);
  const documents = readDocuments(value);
  const texts = documents.map((document) =>
    'json' in document ? yamlText(redact(document.json, secrets)) : undefined,
  );
  if (texts.includes(undefined)) return `[redacted: ${value.length} characters that are not valid YAML]`;
  return texts.join('---\n');
}

/** All texts and numbers in it. Switches (true and false) say nothing, nor do references. */
function hide(value: Json, secrets: Set<string>): Json {
  if (typeof value === 'string') {
    if (value === '' || isReference(value)) return value;
    secrets.add(value);
    return REDACTED;
  }
  if (typeof value === 'number') return REDACTED;
  if (isList(value)) return value.map((one) => (isObject(one) ? redact(one, secrets) : hide(one, secrets)));
  return redact(value, secrets);
}

/** `--token`, `abc` */
function isFlagBefore(list: readonly Json[], index: number): boolean {
  const flag = list[index - 1];
  return typeof flag === 'string' && /^--?[\w.-]+$/.test(flag) && isSecretName(flag);
}

function namesOf({ name }: JsonObject): readonly string[] {
  return (isList(name) ? name : [name]).filter((one) => typeof one === 'string');
}

/** Not an ordinary word, such as "enabled", or the name of an object: the rest of the bundle must stay readable. */
function isDistinctive(secret: string): boolean {
  return secret.length >= 6 && !/^[a-z/.-]*$/.test(secret);
}

function without(value: Json, secrets: readonly string[]): Json {
  if (typeof value === 'string')
    return secrets.reduce((text, secret) => text.replaceAll(secret, () => REDACTED), value);
  if (isList(value)) return value.map((one) => without(one, secrets));
  return isObject(value) ? mapValues(value, (one) => without(one, secrets)) : value;
}

function mapValues(object: JsonObject, change: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, one = null]) => [key, change(one)]));
}

/** Array.isArray does not know readonly lists. */
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
