import { INJECTION_LABEL, keyTable, parseKey, PREFIX } from '../api/keys.ts';
import { annotationsOf, containersOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { nearest } from '../lib/suggest.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason, Source } from '../reasons/reason.ts';
import { misspelledKey } from './misspelled-keys.ts';
import type { SettingSources } from './resolve.ts';

/** As many notices as are ever shown, and some: a pod can carry ten thousand annotations. */
export const MAX_NOTICES = 10;

/** Labels and annotations under our prefix that mean nothing, each with what would. The first few, when there are many. */
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
    if (found.length === MAX_NOTICES) break;
    const value = labels[label] ?? '';
    const almost = misspelledKey(label);
    if (almost !== undefined) found.push({ code: 'unknown-label', label, value, expected: `use ${almost}` });
    if (!label.startsWith(`${PREFIX}/`)) continue;
    if (label !== INJECTION_LABEL) {
      found.push({ code: 'unknown-label', label, value, expected: 'settings must be annotations' });
    } else if (value !== 'disabled' && value !== 'required') {
      found.push({ code: 'unknown-label', label, value, expected: 'the value must be disabled or required' });
    }
  }
  return found;
}

/** Parameters, and the settings whose row says so, may be set for one container, on the pod. */
function perContainer(setting: string, on: 'namespace' | 'pod'): boolean {
  return on === 'pod' && keyTable.every((row) => row.name !== setting || row.on.includes('container'));
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
  for (const written in annotations) {
    const reason = unknownKey(written, on, knownSettings, names);
    if (reason) found.push(reason);
    if (found.length === MAX_NOTICES) break;
  }
  return found;
}

function unknownKey(
  written: string,
  on: 'namespace' | 'pod',
  known: Catalogue['knownSettings'],
  names: () => ReadonlySet<string>,
): Reason | undefined {
  const parsed = parseKey(written);
  if (!parsed) {
    const almost = misspelledKey(written);
    return almost === undefined ? undefined : { code: 'unknown-annotation', key: written, on, suggestion: almost };
  }
  const { setting, container } = parsed;
  if (!known.has(setting) || (container !== undefined && !perContainer(setting, on))) {
    return { code: 'unknown-annotation', key: written, on, suggestion: nearest(setting, known) };
  }
  if (container === undefined || names().has(container)) return undefined;
  const source: Source = { from: on, key: written };
  return { code: 'container-not-found', pattern: container, source, suggestion: nearest(container, names()) };
}
