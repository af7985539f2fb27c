import { STATUS_ANNOTATION } from '../api/keys.ts';
import { annotationsOf, type Container, containersOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { objectsIn, textIn } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';

/** A part of a pod that differs between two decisions. Without `before` it is added, without `after` removed. */
export interface PodChange {
  /** `container web: variable ARIES_SERVER_PORT`. */
  readonly what: string;
  readonly before?: string;
  readonly after?: string;
}

const MAX_VALUE_LENGTH = 160;

/** Compares two pods that decisions have made from the same one, part by part. The status annotation, which differs with each of them, is left out. */
export function changesBetween(before: Pod, after: Pod): readonly PodChange[] {
  const old = partsOf(before);
  const current = partsOf(after);
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((what): readonly PodChange[] => {
    const [was, is] = [old.get(what), current.get(what)];
    if (was === is) return [];
    return [{ what, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

function partsOf(pod: Pod): ReadonlyMap<string, string> {
  const { initContainers, volumes } = pod.spec;
  const inits = new Set((initContainers ?? []).map(({ name }) => name));
  const secrets = objectsIn(pod.spec, 'imagePullSecrets').map((one) => textIn(one, 'name'));
  return new Map([
    ...containersOf(pod).flatMap((one) => containerParts(one, inits.has(one.name) ? 'init container' : 'container')),
    ...(volumes ?? []).map(({ name, ...source }) => part(`volume ${name}`, source)),
    ...secrets.map((name) => part(`image pull secret ${name}`, '')),
    ...Object.entries(labelsOf(pod)).map(([name, value]) => part(`label ${name}`, value)),
    ...Object.entries(annotationsOf(pod))
      .filter(([name]) => name !== STATUS_ANNOTATION)
      .map(([name, value]) => part(`annotation ${name}`, value)),
  ]);
}

function containerParts(container: Container, kind: string): readonly (readonly [string, string])[] {
  const { name, env, volumeMounts, ...rest } = container;
  const at = `${kind} ${name}`;
  return [
    ...(env ?? []).map(({ name: variable, value, ...source }) => part(`${at}: variable ${variable}`, value ?? source)),
    ...(volumeMounts ?? []).map(({ mountPath, ...mount }) => part(`${at}: mount ${mountPath}`, mount)),
    ...Object.entries(rest).map(([field, value]) => part(`${at}: ${field}`, value)),
  ];
}

function part(what: string, value: unknown): readonly [string, string] {
  return [oneLine(what, 300), oneLine(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE_LENGTH)];
}
