import type { Container } from '../../kubernetes/pod.ts';
import type { Profile } from '../../profiles/profile.ts';
import { builtinValues } from '../../settings/builtin-values.ts';
import { parametersFor } from '../../settings/parameters.ts';
import type { SettingSources } from '../../settings/resolve.ts';

/** The value that a container has: from the variable that holds just this parameter, otherwise the value that it would get now. */
export function parameterValue(
  sources: SettingSources,
  profile: Profile,
  container: Container,
  name: string,
): string | undefined {
  const variable = profile.environment.find(({ operation: { kind, value } }) => {
    const [only, ...others] = 'text' in value ? value.text : [];
    return kind === 'set' && others.length === 0 && typeof only === 'object' && only.parameter === name;
  });
  const written = variable && container.env?.findLast((one) => one.name === variable.name)?.value;
  if (written !== undefined) return written;
  const { parameters } = parametersFor(sources, profile, container.name, builtinValues(sources, container, profile));
  return parameters.ok ? parameters.value.get(name)?.text : undefined;
}
