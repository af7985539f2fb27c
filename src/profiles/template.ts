/** What templates may say besides parameters: `${pod.workload}`. A row per fact; each always has a value. */
export const builtinNames = ['pod.workload', 'pod.namespace', 'container.name'] as const;

/**
 * A value with `${parameter}` in it, taken apart once when the profile is read. Text that is not `${name}` is literal; `$(VAR)` is the
 * kubelet's own syntax and passes through.
 */
export type Template = readonly (string | { readonly parameter: string })[];

const REFERENCE = /\$\{([^}]*)\}/g;

/** Takes a template apart. Every piece between `${` and `}` is a reference, whether such a parameter exists or not. */
export function parseTemplate(text: string): Template {
  const parts: (string | { readonly parameter: string })[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push({ parameter: match[1] ?? '' });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

/** The names of the parameters that a template refers to. */
export function parametersOf(template: Template): readonly string[] {
  return template.flatMap((part) => (typeof part === 'string' ? [] : [part.parameter]));
}

/** The template's text; every referenced parameter must have a value. `escape` is applied to the values, not to the literal text. */
export function render(
  template: Template,
  values: ReadonlyMap<string, string>,
  escape: (value: string) => string = (value) => value,
): string {
  return template.map((part) => (typeof part === 'string' ? part : escape(values.get(part.parameter) ?? ''))).join('');
}

/** The text, as a list of one; none where there is no template, or where something in it has no value. */
export function renderIfGiven(template: Template | undefined, values: ReadonlyMap<string, string>): readonly string[] {
  return template && parametersOf(template).every((name) => values.has(name)) ? [render(template, values)] : [];
}

/**
 * Keeps the kubelet from expanding `$(VAR)` in a value that a user gave: it turns `$$` into `$` and expands nothing behind it
 * (k8s.io/kubernetes third_party/forked/golang/expansion/expand.go).
 */
export function escapeForKubelet(value: string): string {
  return value.replaceAll('$', '$$$$');
}

/** A template as it was written. */
export function templateText(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : `\${${part.parameter}}`)).join('');
}
