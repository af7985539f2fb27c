import type { Json, JsonObject } from '../../src/lib/json.ts';
import type { Container } from '../../src/kubernetes/pod.ts';

/** ConfigMaps and Secrets of a namespace, by name, then by key. */
export interface Objects {
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Called with the value of each variable, undefined if it is left out; returns the value to set instead. Models an injection. */
export type VariableHook = (
  name: string,
  value: string | undefined,
  index: number,
  known: (name: string) => string | undefined,
) => string | undefined;

/** A port of k8s.io/kubernetes third_party/forked/golang/expansion/expand.go. */
export function expand(input: string, mapping: (name: string) => string | undefined): string {
  let out = '';
  let checkpoint = 0;
  for (let cursor = 0; cursor < input.length; cursor++) {
    if (input[cursor] !== '$' || cursor + 1 >= input.length) continue;
    out += input.slice(checkpoint, cursor);
    const [read, isVariable, advance] = readName(input.slice(cursor + 1));
    out += isVariable ? (mapping(read) ?? `$(${read})`) : read;
    cursor += advance;
    checkpoint = cursor + 1;
  }
  return out + input.slice(checkpoint);
}

function readName(input: string): readonly [string, boolean, number] {
  if (input.startsWith('$')) return ['$', false, 1];
  if (input.startsWith('(')) {
    const close = input.indexOf(')', 1);
    return close < 0 ? ['$(', false, 1] : [input.slice(1, close), true, close + 1];
  }
  const rune = String.fromCodePoint(input.codePointAt(0) ?? 0);
  return [`$${rune}`, false, rune.length];
}

/**
 * A port of pkg/kubelet/kubelet_pods.go makeEnvironmentVariables. Undefined if the container would not start, because a source that is not
 * optional does not exist.
 */
export function environmentOf(
  container: Container,
  { configMaps, secrets }: Objects,
  hook: VariableHook = (_, value) => value,
): ReadonlyMap<string, string> | undefined {
  const result = new Map<string, string>();
  for (const from of (container['envFrom'] ?? []) as readonly JsonObject[]) {
    const [kind, objects] = from['configMapRef']
      ? (['configMapRef', configMaps] as const)
      : (['secretRef', secrets] as const);
    const ref = from[kind] as JsonObject;
    const data = objects[textOf(ref['name'])];
    if (!data && ref['optional'] !== true) return undefined;
    for (const [key, value] of Object.entries(data ?? {})) result.set(`${textOf(from['prefix'] ?? '')}${key}`, value);
  }
  for (const [index, { name, value, valueFrom }] of (container.env ?? []).entries()) {
    let text: string | undefined = value ?? '';
    if (text !== '') text = expand(text, (one) => result.get(one));
    else if (valueFrom !== undefined && valueFrom !== null) {
      const resolved = resolve(valueFrom, { configMaps, secrets });
      if (resolved === undefined) return undefined;
      text = resolved === 'left out' ? undefined : resolved.text;
    }
    text = hook(name, text, index, (one) => result.get(one));
    if (text !== undefined) result.set(name, text);
  }
  return result;
}

function resolve(valueFrom: Json, objects: Objects): { readonly text: string } | 'left out' | undefined {
  const from = valueFrom as { readonly [kind: string]: JsonObject | undefined };
  const field = from['fieldRef'];
  if (field) return { text: `the ${textOf(field['fieldPath'])}` };
  const ref = from['secretKeyRef'] ?? from['configMapKeyRef'] ?? {};
  const data = (from['secretKeyRef'] ? objects.secrets : objects.configMaps)[textOf(ref['name'])];
  const text = data?.[textOf(ref['key'])];
  if (text !== undefined) return { text };
  return ref['optional'] === true ? 'left out' : undefined;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
