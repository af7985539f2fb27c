import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { architecturePicture } from './architecture-picture.ts';

const file = join(import.meta.dirname, '../../docs/pictures/architecture.svg');
const current = architecturePicture();
if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);

it('the picture of the architecture shows what deploy/install.yaml installs', () => {
  expect(readFileSync(file, 'utf8')).toBe(current);
});
