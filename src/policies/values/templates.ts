import type { Profile } from '../../profiles/profile.ts';
import { parametersOf, type Template } from '../../profiles/template.ts';
import { allOf, type Cel, quoted } from '../cel.ts';
import { WORKLOAD } from './workload.ts';

/** A fact as the text of an expression about the container `c`; `""` for one without an expression. */
export function builtinText(name: string): Cel {
  const texts: Readonly<Record<string, Cel>> = {
    'pod.workload': `(${WORKLOAD} != "" ? ${WORKLOAD} : c.name)`,
    'pod.namespace': 'namespaceObject.metadata.name',
    'container.name': 'c.name',
  };
  return texts[name] ?? '""';
}

const BUILT_IN: ReadonlySet<string> = new Set(['pod.workload', 'pod.namespace', 'container.name']);

export interface Rendering {
  readonly profile: Profile;
  /** The index of the container, and the container. */
  readonly index: Cel;
  readonly container: Cel;
}

/** For the container `c` at `i`. */
export function here(profile: Profile): Rendering {
  return { profile, index: 'i', container: 'c' };
}

export function hasValue({ index }: Rendering, name: string): Cel {
  return BUILT_IN.has(name) ? 'true' : `size(variables.parameters[${index}][${quoted(name)}]) > 0`;
}

function valueOf(rendering: Rendering, name: string): Cel {
  const { profile, index, container } = rendering;
  if (BUILT_IN.has(name)) return `string(${builtinText(name).replaceAll('c.name', `${container}.name`)})`;
  const variant = profile.variants.find((one) => one.name === name);
  if (!variant) return `variables.parameters[${index}][${quoted(name)}][0]`;
  const of = `variables.parameters[${index}][${quoted(variant.from)}]`;
  const cases = [...variant.values].map(([from, text]) => `${of}[0] == ${quoted(from)} ? ${quoted(text)} : `).join('');
  return `(size(${of}) > 0 ? (${cases}"") : ${quoted(variant.values.get('') ?? '')})`;
}

/** `isText`: the text is for the kubelet, which expands `$(NAME)` in what is not escaped. */
export function rendered(rendering: Rendering, template: Template, isText = false): Cel {
  const variants = new Set(rendering.profile.variants.map(({ name }) => name));
  const parts = template.map((part) => {
    if (typeof part === 'string') return quoted(part);
    const value = valueOf(rendering, part.parameter);
    return isText && !variants.has(part.parameter) ? `${value}.replace("$", "$$")` : value;
  });
  return parts.length === 0 ? '""' : parts.join(' + ');
}

/** True if each parameter of the template has a value. */
export function isComplete(rendering: Rendering, template: Template): Cel {
  const variants = new Set(rendering.profile.variants.map(({ name }) => name));
  return allOf(
    parametersOf(template)
      .filter((name) => !variants.has(name))
      .map((name) => hasValue(rendering, name)),
  );
}
