import { join } from 'node:path';
import { expect, it } from 'vitest';
import { outputText } from '../../../src/cli/program/output.ts';
import { version } from '../../../src/cli/version/version.ts';
import { temporaryDirectory } from '../../support/faulty-api.ts';

it('shows the version of this program without a cluster, and says what is missing', async () => {
  const kubeconfig = join(temporaryDirectory(), 'nowhere');
  const { output, messages, exitCode } = await version({ kubeconfig, output: 'text' });
  const alone = await version({ kubeconfig, client: true, output: 'text' });
  expect(outputText(output)).toBe(outputText(alone.output));
  expect(exitCode).toBeGreaterThan(1);
  expect(messages?.join('\n')).toMatch(/nowhere[^]*--client/);
  expect(alone).toMatchObject({ exitCode: 0, messages: [] });
});
