import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectsOf } from '../../support/chart.ts';
import type { KubeObject } from '../../support/client.ts';
import { BUILT } from '../built.ts';
import { entryAt, type Neighbour } from './neighbour.ts';
import { isHealthy, type Place, startProgram } from './program.ts';

/** The path of an operator's webhook for pods, as kubebuilder makes it. */
const PATH = '/mutate-v1-pod';

export interface Operator {
  readonly name: string;
  /** The name of its webhook configuration. */
  readonly configuration: string;
  readonly args: (place: Place) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What an operator is installed from. */
export function manifestsOf(operator: string, path: string): readonly KubeObject[] {
  return objectsOf(readFileSync(join(BUILT, `${operator}-manifests`, path), 'utf8'));
}

/** Starts an operator that is made with controller-runtime. */
export async function startOperator({ name, configuration, args, env }: Operator): Promise<Neighbour> {
  const running = await startProgram({
    name,
    args,
    // controller-runtime looks for certificates in a folder of TMPDIR.
    env: ({ dir }) => ({ ...env, TMPDIR: dir }),
    files: ({ cert, key }) => ({
      'k8s-webhook-server/serving-certs/tls.crt': cert,
      'k8s-webhook-server/serving-certs/tls.key': key,
    }),
    isReady: (place) => isHealthy(place, '/readyz'),
  });
  const { ca, port } = running.place;
  const entry = entryAt(manifestsOf(name, 'webhook/manifests.yaml'), PATH);
  return { configuration, entry, url: `https://127.0.0.1:${port}${PATH}`, ca, running };
}
