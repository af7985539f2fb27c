import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/chart.ts';
import { librariesOf, type Content, type ImageOptions } from '../support/node/image.ts';

export const REPOSITORY = 'localhost/agent-injector';

/** The lines of the Dockerfile's last stage: what the image is. */
function lastStage(folder: string): readonly string[] {
  const lines = readFileSync(join(folder, 'Dockerfile'), 'utf8').replaceAll(/\\\n/g, ' ').split('\n');
  return lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
}

function argument(folder: string, name: string): string {
  const found = lastStage(folder).find((line) => line.startsWith(`${name} `));
  if (found === undefined) throw new Error(`the Dockerfile has no ${name}`);
  return found.slice(name.length + 1).trim();
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string }).version;
}

/**
 * The image that the Dockerfile of a built checkout describes, of this machine's Node.js with its libraries in the place of the base image.
 * @param tag the version by default
 */
export function productImage(folder: string = root, tag: string = versionOf(folder)): ImageOptions {
  const files = /cp ((?:dist\/\S+ )+)\/out\//.exec(readFileSync(join(folder, 'Dockerfile'), 'utf8'))?.[1];
  if (files === undefined) throw new Error('the Dockerfile copies no files of dist/');
  const app = files
    .trim()
    .split(' ')
    .map((file): [string, Content] => [file.replace('dist/', '/app/'), { from: join(folder, file) }]);
  return {
    name: `${REPOSITORY}:${tag}`,
    contents: new Map([
      ...librariesOf([process.execPath]),
      ['/nodejs/bin/node', { from: process.execPath }],
      ...app,
      ['/app/package.json', { text: '{"type":"module"}' }],
    ]),
    entrypoint: JSON.parse(argument(folder, 'ENTRYPOINT')) as string[],
    command: JSON.parse(argument(folder, 'CMD')) as string[],
    env: [argument(folder, 'ENV')],
    user: argument(folder, 'USER'),
    workdir: argument(folder, 'WORKDIR'),
  };
}
