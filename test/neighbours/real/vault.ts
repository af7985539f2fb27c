import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { objectsOf } from '../../support/chart.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { BUILT } from '../built.ts';
import { entryAt, type Neighbour } from './neighbour.ts';
import { startProgram } from './program.ts';

/** Starts Vault's agent injector, which reads its ServiceAccount as in a pod. */
export async function startVault({ url, dir, kubeconfigPath }: ControlPlane): Promise<Neighbour> {
  const account = 'run/secrets/kubernetes.io/serviceaccount';
  const api = new URL(url);
  const running = await startProgram({
    name: 'vault-k8s',
    args: (place) => [
      'agent-inject',
      `-listen=127.0.0.1:${place.port}`,
      `-tls-cert-file=${join(place.dir, 'tls.crt')}`,
      `-tls-key-file=${join(place.dir, 'tls.key')}`,
      '-vault-address=http://vault:8200',
    ],
    env: () => ({ KUBERNETES_SERVICE_HOST: api.hostname, KUBERNETES_SERVICE_PORT: api.port }),
    files: ({ cert, key }) => ({
      'tls.crt': cert,
      'tls.key': key,
      [`${account}/token`]: tokenIn(kubeconfigPath),
      [`${account}/ca.crt`]: readFileSync(join(dir, 'ca.crt'), 'utf8'),
      [`${account}/namespace`]: 'vault',
    }),
    readsRun: true,
    isReady: async ({ port }) => (await statusOf(`https://127.0.0.1:${port}/health/ready`)) === 204,
  });
  const { ca, port } = running.place;
  const manifest = join(BUILT, 'vault-k8s-manifests/deploy/injector-mutating-webhook.yaml');
  return {
    configuration: 'vault-agent-injector-cfg',
    entry: entryAt(objectsOf(readFileSync(manifest, 'utf8')), '/mutate'),
    url: `https://127.0.0.1:${port}/mutate`,
    ca,
    running,
  };
}

function tokenIn(kubeconfigPath: string): string {
  const [config] = objectsOf(readFileSync(kubeconfigPath, 'utf8'));
  const { users } = config as unknown as { readonly users: readonly { readonly user: { readonly token: string } }[] };
  return users[0]?.user.token ?? '';
}

/** Unverified: OpenSSL holds the name of the certificate, which is an address, against the domains that its CA may vouch for. The API server does not. */
async function statusOf(url: string): Promise<number | undefined> {
  const options: RequestOptions = { rejectUnauthorized: false };
  // The event has one argument.
  const [answer] = (await once(get(url, options), 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
