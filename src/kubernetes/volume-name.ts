/** Names of volumes are DNS labels (k8s.io/kubernetes core validation.go ValidateDNS1123Label). */
export const MAX_NAME_LENGTH = 63;

/**
 * Names for the volumes of directories, one for each: `some-agent-var-log`. Short enough to take a number, and no two are alike, for the
 * same paths always the same.
 */
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
