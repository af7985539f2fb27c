export const builtinNames = ['pod.workload', 'pod.namespace', 'container.name'] as const;

/** A parsed value with `${parameter}` references. All other text is literal; `$(VAR)` is the kubelet's syntax and stays as it is. */
export type Template = readonly (string | { readonly parameter: string })[];

const REFERENCE = /\$\{([^}]*)\}/g;

/** Parses a template. Any text between `${` and `}` is a reference, even if there is no such parameter. */
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

export function parametersOf(template: Template): readonly string[] {
  return template.flatMap((part) => (typeof part === 'string' ? [] : [part.parameter]));
}

/** Makes a value safe for the text that it becomes a part of; `name` is that of the parameter. */
export type Escape = (value: string, name: string) => string;

/** Renders a template; every referenced parameter must have a value. `escape` is applied to the values, not to the literal text. */
export function render(template: Template, values: ReadonlyMap<string, string>, escape?: Escape): string {
  return template
    .map((part) => {
      if (typeof part === 'string') return part;
      const value = values.get(part.parameter) ?? '';
      return escape ? escape(value, part.parameter) : value;
    })
    .join('');
}

/** The parts of a template between separators in its literal text. */
export function splitTemplate(template: Template, separator: string): readonly Template[] {
  const pairs: Template[number][][] = [[]];
  for (const part of template) {
    const [first = part, ...more] = typeof part === 'string' ? part.split(separator) : [part];
    pairs.at(-1)?.push(first);
    for (const text of more) pairs.push([text]);
  }
  return pairs;
}

/** Renders to a list of one; an empty list without a template, or if a referenced parameter has no value. */
export function renderIfGiven(template: Template | undefined, values: ReadonlyMap<string, string>): readonly string[] {
  return template && parametersOf(template).every((name) => values.has(name)) ? [render(template, values)] : [];
}

/**
 * Escapes a user's value so that the kubelet does not expand `$(VAR)` in it: the kubelet turns `$$` into `$`, and expands nothing after it
 * (k8s.io/kubernetes third_party/forked/golang/expansion/expand.go).
 */
export function escapeForKubelet(value: string): string {
  return value.replaceAll('$', '$$$$');
}

export function templateText(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : `\${${part.parameter}}`)).join('');
}
