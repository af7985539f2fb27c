/** Volume names are DNS labels (k8s.io/kubernetes core validation.go ValidateDNS1123Label). */
export const MAX_NAME_LENGTH = 63;

/** Unique volume names for directories, such as `some-agent-var-log`: stable for the same paths, and short enough to append a number. */
export function volumeNames(prefix: string, paths: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const path of paths) {
    const steps = path.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    const wanted = `${prefix}${steps}`.slice(0, MAX_NAME_LENGTH - 6).replace(/-$/, '');
    let name = wanted;
    for (let count = 2; names.includes(name); count++) name = `${wanted}-${count}`;
    names.push(name);
  }
  return names;
}
