import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { agents, dotnetRoot, filesOf, programOf } from '../agents/table.ts';
import { busybox, librariesOf, type ImageOptions } from '../support/node/image.ts';
import { nodeBinary } from '../support/node/places.ts';

/** What the stand-in for JENNIFER's library prints when the CLR loads it. */
export const PROFILER_SIGN = 'profiler: asked for {6C7CAF0F-D0E5-4274-A71B-6551761BBDC8}';

/** An app on this machine's CoreCLR with the libraries that it is linked to. */
export function coreClrApp(name: string): ImageOptions {
  const native = readdirSync(dotnetRoot, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.so'));
  const linked = [join(dotnetRoot, 'dotnet'), ...native.map((path) => join(dotnetRoot, path))];
  return {
    name,
    contents: new Map([
      ...busybox(nodeBinary('busybox')),
      ...librariesOf(linked),
      ['/dotnet', { from: dotnetRoot }],
      ['/app', { from: programOf('dotnet') }],
    ]),
    env: ['DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1'],
    // The program ends with its input.
    entrypoint: ['/bin/sh', '-c', 'sleep 86400 | /dotnet/dotnet /app/App.dll'],
  };
}

/** The folder with the stand-in for the files of JENNIFER .NET, as they are in a claim. */
export function jenniferFiles(): string {
  const agent = agents().find(({ profile, image }) => profile === 'jennifer-dotnet' && image === undefined);
  if (!agent) throw new Error('test/agents/agents.yaml has no JENNIFER .NET by claim');
  return filesOf(agent);
}
