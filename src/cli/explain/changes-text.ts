import type { ContainerChange, PodChanges, VariableChange } from '../../diagnostics/pod-diff.ts';
import type { EnvVar, Volume } from '../../kubernetes/pod.ts';
import { textIn } from '../../lib/json.ts';
import { oneLine } from '../../lib/text.ts';
import { indent } from '../format.ts';

/** Longer values are cut; `-o json` has them whole. */
const MAX_VALUE_LENGTH = 160;

/** A value on one line, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(oneLine(text, MAX_VALUE_LENGTH));
}

/** What injection changes in a pod, a line for each change. */
export function changeLines(changes: PodChanges): readonly string[] {
  return [
    ...changes.containers.flatMap(containerLines),
    ...changes.initContainers.map((one) => `+ init container ${one.name}, image ${textIn(one, 'image')}`),
    ...changes.volumes.map((volume) => `+ volume ${volume.name}: ${sourceOf(volume)}`),
    ...changes.imagePullSecrets.map((name) => `+ image pull secret ${name}`),
    ...changes.labels.map((change) => textChange('label', change)),
    ...changes.annotations.map((change) => textChange('annotation', change)),
  ];
}

function textChange(what: string, { name, before, after }: PodChanges['annotations'][number]): string {
  return before === undefined
    ? `+ ${what} ${name}: ${quoted(after)}`
    : `~ ${what} ${name}: ${quoted(before)} → ${quoted(after)}`;
}

function containerLines({ container, environment, mounts }: ContainerChange): readonly string[] {
  return [
    `container ${container}`,
    ...environment.map(variableLine).map(indent),
    ...mounts.map(({ name, mountPath, subPath }) => {
      const part = typeof subPath === 'string' ? `, subPath ${subPath}` : '';
      return indent(`+ mount ${mountPath} from volume ${name}${part}`);
    }),
  ];
}

function variableLine({ name, before, after }: VariableChange): string {
  if (!before) return `+ ${name}=${valueText(after)}`;
  return `~ ${name}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(entry: EnvVar | undefined): string {
  const from = entry?.['valueFrom'];
  return from === undefined || from === null
    ? quoted(entry?.value ?? '')
    : oneLine(JSON.stringify(from), MAX_VALUE_LENGTH);
}

function sourceOf({ name: _name, ...source }: Volume): string {
  return oneLine(JSON.stringify(source), MAX_VALUE_LENGTH);
}
