import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/chart.ts';
import { librariesOf, type Content, type ImageOptions } from '../support/node/image.ts';

export const REPOSITORY = 'localhost/agent-injector';

/** The lines of the Dockerfile's last stage: what the image is. */
function lastStage(): readonly string[] {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\\\n/g, ' ').split('\n');
  return lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
}

function argument(name: string): string {
  const found = lastStage().find((line) => line.startsWith(`${name} `));
  if (found === undefined) throw new Error(`the Dockerfile has no ${name}`);
  return found.slice(name.length + 1).trim();
}

/** The image that the Dockerfile describes, of this machine's Node.js with its libraries in the place of the base image. */
export function productImage(): ImageOptions {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const files = /cp ((?:dist\/\S+ )+)\/out\//.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1];
  if (files === undefined) throw new Error('the Dockerfile copies no files of dist/');
  const app = files
    .trim()
    .split(' ')
    .map((file): [string, Content] => [file.replace('dist/', '/app/'), { from: join(root, file) }]);
  return {
    name: `${REPOSITORY}:${version}`,
    contents: new Map([
      ...librariesOf([process.execPath]),
      ['/nodejs/bin/node', { from: process.execPath }],
      ...app,
      ['/app/package.json', { text: '{"type":"module"}' }],
    ]),
    entrypoint: JSON.parse(argument('ENTRYPOINT')) as string[],
    command: JSON.parse(argument('CMD')) as string[],
    env: [argument('ENV')],
    user: argument('USER'),
    workdir: argument('WORKDIR'),
  };
}
