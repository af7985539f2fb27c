import type { KubeClient } from '../../cluster/client/types.ts';
import { objectNameIn } from '../../cluster/object-name.ts';
import { namedSecret } from '../../cluster/secret-store.ts';
import type { CertificateFiles } from './report.ts';

/** Reads the files of a certificate from the Secret `NAMESPACE/NAME`. Throws an Error if it cannot be read. */
export async function readCertificateSecret(client: KubeClient, secret: string): Promise<CertificateFiles> {
  const { namespace, name } = objectNameIn(secret);
  const found = await namedSecret(client, namespace, name).read();
  if (found.kind === 'failed') throw new Error(found.why);
  if (found.kind === 'absent') throw new Error(`Secret ${secret} not found`);
  const { data } = found;
  const part = (file: string): string => data[file] ?? '';
  return { from: `Secret ${secret}`, cert: part('tls.crt'), key: part('tls.key'), ca: part('ca.crt') };
}
