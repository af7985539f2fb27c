import { execFile, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { root } from './chart.ts';
import { helm } from './deploy-tools.ts';

/** Whether commands of the documentation can be run as they stand: they need kubectl and helm. */
export const canFollow: boolean =
  helm !== undefined && spawnSync('bash', ['-c', 'type -P kubectl'], { stdio: 'ignore' }).status === 0;

/** Runs commands of a page in the folder of the project, on a cluster. Returns what they print; rejects if one of them fails. */
export async function runCommands(commands: string, kubeconfigPath: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: root,
    env: {
      ...process.env,
      KUBECONFIG: kubeconfigPath,
      PATH: `${dirname(helm ?? '')}:${process.env['PATH']}`,
    },
  });
  return stdout;
}
