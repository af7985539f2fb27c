import { splitList } from '../../lib/text.ts';
import { LANGUAGES } from './rows.ts';

export const PREFIX = 'instrumentation.opentelemetry.io/';

export type Annotations = Readonly<Record<string, string>>;

/** The languages that annotations ask for. */
export function languagesAskedFor(annotations: Annotations): readonly string[] {
  return LANGUAGES.filter((language) => {
    const value = annotations[`${PREFIX}inject-${language}`]?.toLowerCase() ?? '';
    return value !== '' && value !== 'false';
  });
}

/** The Operator's rule: what the pod says counts, but a `"true"` leaves the choice to the namespace (annotation.go, annotationValue). */
export function effective(ofNamespace: Annotations, ofPod: Annotations): Annotations {
  const keys = [...Object.keys(ofNamespace), ...Object.keys(ofPod)].filter((key) => key.startsWith(PREFIX));
  return Object.fromEntries(keys.map((key) => [key, effectiveValue(ofNamespace[key] ?? '', ofPod[key] ?? '')]));
}

function effectiveValue(above: string, own: string): string {
  if (own === '') return above;
  const isLeftToNamespace = own.toLowerCase() === 'true' && above !== '' && above.toLowerCase() !== 'false';
  return isLeftToNamespace ? above : own;
}

/** The C library that annotations for Python or .NET name. */
export function libcIn(annotations: Annotations): string | undefined {
  const named = annotations[`${PREFIX}otel-python-platform`] ?? annotations[`${PREFIX}otel-dotnet-auto-runtime`] ?? '';
  const [value] = splitList(named);
  if (value === undefined) return undefined;
  return value.includes('musl') ? 'musl' : 'glibc';
}

/** The names of containers for all languages, and for each; empty where there are none. */
export function containersIn(
  annotations: Annotations,
  languages: readonly string[],
): { readonly common: string; readonly own: readonly string[] } {
  return {
    common: annotations[`${PREFIX}container-names`] ?? '',
    own: languages.map((language) => annotations[`${PREFIX}${language}-container-names`] ?? ''),
  };
}
