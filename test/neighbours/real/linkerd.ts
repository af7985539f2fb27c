import { join } from 'node:path';
import { parse } from 'yaml';
import { objectsOf } from '../../support/chart.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { helm, run } from '../../support/deploy-tools.ts';
import { BUILT } from '../built.ts';
import { entryAt, type Neighbour } from './neighbour.ts';
import { isHealthy, startProgram } from './program.ts';

const NAMESPACE = 'linkerd';

const VALUES = 'run/linkerd/config/values';

export interface Linkerd extends Neighbour {
  /** Changes values of its chart for the pods that come. */
  readonly configure: (changes: Readonly<Record<string, unknown>>) => void;
}

/** Starts Linkerd's proxy injector with the values of its chart. */
export async function startLinkerd({ kubeconfigPath }: ControlPlane): Promise<Linkerd> {
  const given = ['identity.issuer.tls.crtPEM', 'identity.issuer.tls.keyPEM', 'identityTrustAnchorsPEM'];
  const chart = join(BUILT, 'linkerd-charts/linkerd-control-plane');
  const settings = given.flatMap((name) => ['--set', `${name}=none`]);
  const args = ['template', 'linkerd', chart, '--namespace', NAMESPACE, '--kube-version', '1.36.0', ...settings];
  const { stdout, stderr } = run(helm ?? '', args);
  const objects = objectsOf(stdout);
  const config = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata?.name === 'linkerd-config');
  if (!config) throw new Error(stderr);
  const { values } = config['data'] as { readonly values: string };
  const running = await startProgram({
    name: 'linkerd-controller',
    args: ({ port, healthPort }) => [
      'proxy-injector',
      `-addr=127.0.0.1:${port}`,
      `-metrics-addr=127.0.0.1:${healthPort}`,
      `-kubeconfig=${kubeconfigPath}`,
      `-linkerd-namespace=${NAMESPACE}`,
    ],
    env: () => ({}),
    files: ({ cert, key, ca }) => ({
      [VALUES]: values,
      'run/linkerd/tls/tls.crt': cert,
      'run/linkerd/tls/tls.key': key,
      'run/linkerd/identity/trust-roots/ca-bundle.crt': ca,
    }),
    readsRun: true,
    isReady: (place) => isHealthy(place, '/ready'),
  });
  const { ca, port } = running.place;
  return {
    configuration: 'linkerd-proxy-injector-webhook-config',
    entry: entryAt(objects, '/'),
    url: `https://127.0.0.1:${port}/`,
    ca,
    running,
    // As JSON: the word off is a boolean in Linkerd's YAML.
    configure: (changes) => running.write(VALUES, JSON.stringify({ ...(parse(values) as object), ...changes })),
  };
}
