import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

// What the environment of a person says, as the tools that it is meant for read it.

/** The kubeconfig that kubectl would use; undefined if there is none. Of several files in KUBECONFIG, the first is used. */
export function userKubeconfig(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const [named = ''] = (environment['KUBECONFIG'] ?? '').split(delimiter);
  if (flag !== undefined || named !== '') return flag ?? named;
  const standard = join(homedir(), '.kube', 'config');
  return existsSync(standard) ? standard : undefined;
}

/** True if a terminal may get colours: NO_COLOR is not set (https://no-color.org), and the terminal is not dumb. */
export function mayColour(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

/** The files in which Docker and Podman look for the credentials of registries, in this order. */
export function credentialFiles(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  // An empty one is as none: else a file of the working directory would be read.
  const { DOCKER_CONFIG = '', REGISTRY_AUTH_FILE = '', XDG_RUNTIME_DIR = '' } = environment;
  return [
    ...(REGISTRY_AUTH_FILE === '' ? [] : [REGISTRY_AUTH_FILE]),
    join(DOCKER_CONFIG === '' ? join(homedir(), '.docker') : DOCKER_CONFIG, 'config.json'),
    ...(XDG_RUNTIME_DIR === '' ? [] : [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')]),
  ];
}
