import { keyTable } from '../api/key-table.ts';
import {
  DISABLED,
  INJECTED_LABEL,
  INJECTION_LABEL,
  parseKey,
  PREFIX,
  REQUIRED,
  REVISION_LABEL,
  STATUS_ANNOTATION,
} from '../api/keys.ts';
import { annotationsOf, containersOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { nearest } from '../lib/suggest.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { subjectOf } from '../profiles/tenancy/policy.ts';
import type { Reason, Source } from '../reasons/reason.ts';
import { misspelledKey } from './misspelled-keys.ts';
import type { SettingSources } from './resolve.ts';

/** More notices than are ever shown: a pod can have ten thousand annotations. */
export const MAX_NOTICES = 10;

/** Reports labels and annotations with our prefix that have no effect, each with a suggestion, up to a limit. */
export function unknownKeysIn({ pod, namespace, catalogue }: SettingSources): readonly Reason[] {
  return [
    ...unknownLabels(labelsOf(pod)),
    ...unknownKeys(namespace.annotations, 'namespace', catalogue, pod),
    ...unknownKeys(annotationsOf(pod), 'pod', catalogue, pod),
  ];
}

function unknownLabels(labels: Readonly<Record<string, string>>): readonly Reason[] {
  const found: Reason[] = [];
  for (const label in labels) {
    if (found.length >= MAX_NOTICES) break;
    const value = labels[label] ?? '';
    const expected = expectedOf(label, value);
    if (expected !== undefined) found.push({ code: 'unknown-label', label, value, expected });
  }
  return found;
}

/** What should be there instead, as a sentence fragment; undefined for a label that has an effect or is not ours. */
function expectedOf(label: string, value: string): string | undefined {
  const suggestion = misspelledKey(label);
  if (suggestion !== undefined) return `use ${suggestion}`;
  if (!label.startsWith(`${PREFIX}/`)) return undefined;
  // Written by agent-injector, unless the value is one of the other label.
  if (label === INJECTED_LABEL) return value === DISABLED || value === REQUIRED ? `use ${INJECTION_LABEL}` : undefined;
  if (label === REVISION_LABEL) return 'it belongs on the namespace';
  if (label !== INJECTION_LABEL) return 'settings must be annotations';
  return value === DISABLED || value === REQUIRED ? undefined : `the value must be ${DISABLED} or ${REQUIRED}`;
}

/** Parameters may be set for one container, and so may the settings whose row says so. */
export function isPerContainer(setting: string): boolean {
  const subject = subjectOf(setting);
  return keyTable.every((row) => row.name !== subject || row.on.includes('container'));
}

function unknownKeys(
  annotations: Readonly<Record<string, string>>,
  on: 'namespace' | 'pod',
  { knownSettings }: Catalogue,
  pod: Pod,
): readonly Reason[] {
  const found: Reason[] = [];
  let containers: ReadonlySet<string> | undefined;
  const names = (): ReadonlySet<string> => (containers ??= new Set(containersOf(pod).map(({ name }) => name)));
  for (const key in annotations) {
    const reason = unknownKey(key, on, knownSettings, names);
    if (reason) found.push(reason);
    if (found.length === MAX_NOTICES) break;
  }
  return found;
}

function unknownKey(
  key: string,
  on: 'namespace' | 'pod',
  known: Catalogue['knownSettings'],
  names: () => ReadonlySet<string>,
): Reason | undefined {
  if (key === STATUS_ANNOTATION) return undefined;
  const parsed = parseKey(key);
  if (!parsed) {
    const suggestion = misspelledKey(key);
    return suggestion === undefined ? undefined : { code: 'unknown-annotation', key, on, suggestion };
  }
  const { setting, container } = parsed;
  if (!known.has(setting) || (container !== undefined && (on !== 'pod' || !isPerContainer(setting)))) {
    return { code: 'unknown-annotation', key, on, suggestion: nearest(setting, known) };
  }
  if (container === undefined || names().has(container)) return undefined;
  const source: Source = { from: on, key };
  return { code: 'container-not-found', pattern: container, source, suggestion: nearest(container, names()) };
}
