import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { expand } from '../support/kubelet-environment.ts';

/** Inputs of a kubelet in addition to the pod: objects of the namespace, and the node. */
export interface Surroundings {
  readonly configMaps?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly secrets?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Variables of services, such as KUBERNETES_SERVICE_HOST. */
  readonly services?: Readonly<Record<string, string>>;
  /** Values of fields that a pod gets when it runs, by path (`status.podIP`). */
  readonly fields?: Readonly<Record<string, string>>;
}

/**
 * The environment that a kubelet gives to a container: `envFrom` in order; then `env` in order, each value expanded with the earlier variables
 * and the services; then the services. Throws for a reference that is not optional and does not resolve, where a kubelet reports
 * CreateContainerConfigError. Source: makeEnvironmentVariables in k8s.io/kubernetes pkg/kubelet/kubelet_pods.go (v1.36).
 */
export function environmentOf(pod: Pod, container: Container, around: Surroundings = {}): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const source of objectsIn(container['envFrom'])) addAll(source, around, found);
  const services = around.services ?? {};
  for (const entry of objectsIn(container.env)) {
    const value = valueOfEntry(entry, pod, around, (name) => found.get(name) ?? services[name]);
    // An optional reference that does not resolve defines no variable.
    if (value !== undefined) found.set(text(entry['name']), value);
  }
  for (const [name, value] of Object.entries(services)) if (!found.has(name)) found.set(name, value);
  return found;
}

/** The command and arguments of a container, with `$(NAME)` expanded from its environment. */
export function commandOf(container: Container, environment: ReadonlyMap<string, string>): readonly string[] {
  return [...stringsIn(container['command']), ...stringsIn(container['args'])].map((word) =>
    expand(word, (name) => environment.get(name)),
  );
}

function addAll(source: JsonObject, around: Surroundings, found: Map<string, string>): void {
  const [kind, reference] = isObject(source['secretRef'])
    ? (['Secret', source['secretRef']] as const)
    : (['ConfigMap', objectAt(source, 'configMapRef')] as const);
  const prefix = typeof source['prefix'] === 'string' ? source['prefix'] : '';
  const data = dataOf(kind, reference, around);
  for (const [key, value] of Object.entries(data ?? {})) found.set(prefix + key, value);
}

function valueOfEntry(
  entry: JsonObject,
  pod: Pod,
  around: Surroundings,
  valueOf: (name: string) => string | undefined,
): string | undefined {
  const { value, valueFrom } = entry;
  if (typeof value === 'string' && value !== '') return expand(value, valueOf);
  if (!isObject(valueFrom)) return '';
  if (isObject(valueFrom['fieldRef'])) return fieldOf(pod, text(valueFrom['fieldRef']['fieldPath']), around);
  if (isObject(valueFrom['configMapKeyRef'])) return keyOf('ConfigMap', valueFrom['configMapKeyRef'], around);
  if (isObject(valueFrom['secretKeyRef'])) return keyOf('Secret', valueFrom['secretKeyRef'], around);
  throw new Error(`${text(entry['name'])}: unsupported valueFrom ${JSON.stringify(valueFrom)}`);
}

type Kind = 'ConfigMap' | 'Secret';

function dataOf(kind: Kind, reference: JsonObject, around: Surroundings): Readonly<Record<string, string>> | undefined {
  const name = text(reference['name']);
  const data = (kind === 'ConfigMap' ? around.configMaps : around.secrets)?.get(name);
  if (data === undefined && reference['optional'] !== true) throw new Error(`${kind} "${name}" not found`);
  return data;
}

function keyOf(kind: Kind, reference: JsonObject, around: Surroundings): string | undefined {
  const key = text(reference['key']);
  const value = dataOf(kind, reference, around)?.[key];
  if (value === undefined && reference['optional'] !== true) {
    throw new Error(`couldn't find key ${key} in ${kind} ${text(reference['name'])}`);
  }
  return value;
}

function fieldOf(pod: Pod, path: string, around: Surroundings): string {
  const subscript = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(path);
  if (subscript) {
    const [, map = '', key = ''] = subscript;
    return (map === 'labels' ? pod.metadata?.labels : pod.metadata?.annotations)?.[key] ?? '';
  }
  const known = around.fields?.[path];
  if (known !== undefined) return known;
  if (path === 'metadata.name') return pod.metadata?.name ?? '';
  if (path === 'metadata.namespace') return pod.metadata?.namespace ?? '';
  throw new Error(`unknown value of the field ${path}`);
}

function objectsIn(list: Json | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function stringsIn(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  if (!isObject(value)) throw new Error(`${JSON.stringify(object)} has no ${key}`);
  return value;
}

function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error(`expected a string, found ${JSON.stringify(value)}`);
  return value;
}
