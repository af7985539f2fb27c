import { join } from 'node:path';
import { expect } from 'vitest';
import { isObject } from '../../src/lib/json.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { expand } from '../support/kubelet-environment.ts';
import type { Container } from '../support/pod.ts';
import { directoryOf, isDirectory, layoutOf, textOf } from './layouts.ts';

const SEPARATOR = '=====';
const END = 'shown';

export interface MountOf {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

export function mountsOf(container: Container): readonly MountOf[] {
  // The API server has accepted the pod.
  return (container['volumeMounts'] ?? []) as readonly MountOf[];
}

const filesOf = (profile: Profile): readonly string[] => layoutOf(profile).files.filter((file) => !isDirectory(file));

/** A script that shows the user, the environment, the files of the agent and the mounts, or ends with an error. */
export function showing(profile: Profile): string {
  return [
    'set -e; id -u',
    'env',
    ...filesOf(profile).map((file) => `cat "${directoryOf(profile)}/${file}"; echo`),
    'cat /proc/self/mounts',
    `echo ${END}`,
  ].join(`; echo ${SEPARATOR}; `);
}

export const isComplete = (output: string): boolean => output.includes(`${SEPARATOR}\n${END}\n`);

/** Expects that what the script has shown is what the injected container says. Returns a sign of life. */
export function expectShown(profile: Profile, container: Container, user: string, output: string): string {
  const [id = '', env = '', ...rest] = output.split(`${SEPARATOR}\n`);
  const files = filesOf(profile);
  const mounts = rest[files.length] ?? '';
  expect(id.trim(), 'the user').toBe(user);
  for (const [index, file] of files.entries()) {
    if (!hasMountAt(container, profile, file)) expect(rest[index]?.trim(), file).toBe(textOf(profile, file));
  }
  for (const { mountPath } of mountsOf(container)) expect(mounts).toContain(` ${mountPath} `);
  expectVariables(container, new Map(env.split('\n').map((line) => splitAt(line, '='))));
  return `${files.length} files, ${container.env?.length ?? 0} variables`;
}

/** True if the profile mounts a file of its own over that of the agent. */
function hasMountAt(container: Container, profile: Profile, file: string): boolean {
  return mountsOf(container).some(({ mountPath }) => mountPath === join(directoryOf(profile), file));
}

/** Each variable of the plan has its value; what refers to another one is expanded. */
function expectVariables(container: Container, seen: ReadonlyMap<string, string>): void {
  for (const { name, value, valueFrom } of container.env ?? []) {
    const isOptional = isObject(valueFrom) && isObject(valueFrom['secretKeyRef']);
    if (isOptional) expect(seen.has(name), name).toBe(false);
    else if (valueFrom === undefined) expect(seen.get(name), name).toBe(expand(value ?? '', (one) => seen.get(one)));
    else expect(seen.get(name), name).toMatch(/./);
    expect(seen.get(name) ?? '', name).not.toMatch(/\$\(/);
  }
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
