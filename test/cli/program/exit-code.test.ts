import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kubeconfig, temporaryDirectory } from '../../support/faulty-api.ts';
import { run } from '../../support/process.ts';

it('the exit code of an observer that cannot start is 1, as of a server', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', resolve);
  });
  const address = taken.address();
  const port = address !== null && typeof address === 'object' ? String(address.port) : '';
  const file = join(temporaryDirectory(), 'kubeconfig');
  writeFileSync(file, kubeconfig('https://127.0.0.1:1', {}, { token: 'x' }));
  const flags = {
    kubeconfig: file,
    breaker: 'shop/breakers',
    lease: 'shop/lease',
    host: '127.0.0.1',
    'admin-port': port,
  };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
  const { code, stderr } = await run(['observe', ...args]);
  taken.close();
  expect(stderr).toContain(port);
  expect(code).toBe(1);
});
