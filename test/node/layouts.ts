import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { nodeBinary } from '../support/node/places.ts';
import { busybox, type Content, type ImageOptions } from '../support/node/image.ts';
import document from './layouts.yaml';

const layoutSchema = z.strictObject({
  image: z.string().startsWith('/'),
  files: z.array(z.string()).min(1),
  beside: z.record(z.string(), z.string()).default({}),
});

type Layout = z.infer<typeof layoutSchema>;

const layouts: ReadonlyMap<string, Layout> = new Map(
  Object.entries(z.record(z.string(), layoutSchema).parse(document)),
);

/** Those whose agent has files; one that only sets variables has nothing that a node could deliver. */
export const profiles: readonly Profile[] = [...builtInCatalogue().profiles.values()].filter(
  ({ mounts }) => mounts.length > 0,
);

export function layoutOf(profile: Profile): Layout {
  const found = layouts.get(profile.name);
  if (!found) throw new Error(`test/node/layouts.yaml has no row for ${profile.name}`);
  return found;
}

/** Where the app sees the agent. */
export function directoryOf(profile: Profile): string {
  const [mount] = profile.mounts;
  if (!mount) throw new Error(`${profile.name} has no mount`);
  return mount.path;
}

/** The text of a file, by which it is known wherever it is delivered to. */
export function textOf(profile: Profile, file: string): string {
  return layoutOf(profile).beside[file] ?? `${file} of ${profile.name}`;
}

export const isDirectory = (name: string): boolean => name.endsWith('/');

export const agentImage = (profile: Profile): string => `localhost/${profile.name}:1`;

/** An image with the files at the vendor's place, and once more where the app expects them, for an app that brings its agent along. */
export function imageOf(profile: Profile): ImageOptions {
  const { image, files, beside } = layoutOf(profile);
  const at = (directory: string): readonly (readonly [string, Content])[] =>
    files.map((name) => [join(directory, name, isDirectory(name) ? 'README' : ''), { text: textOf(profile, name) }]);
  const others = Object.entries(beside).map(([path, text]): [string, Content] => [path, { text }]);
  return {
    name: agentImage(profile),
    contents: new Map([...busybox(nodeBinary('busybox')), ...at(image), ...at(directoryOf(profile)), ...others]),
    // Where the vendor's script is, if there is one.
    workdir: dirname(Object.keys(beside)[0] ?? '/-'),
  };
}

/** Writes the files into a folder of this machine: what a claim or a directory of the node has. */
export function writeFiles(profile: Profile, folder: string): void {
  for (const name of layoutOf(profile).files) {
    const path = join(folder, name, isDirectory(name) ? 'README' : '');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(profile, name));
  }
}
