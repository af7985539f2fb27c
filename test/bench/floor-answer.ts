import { readFileSync } from 'node:fs';

/** The arguments of a floor: the port, a directory with tls.crt and tls.key, and a file with the fixed answer. */
export function floorArguments(): {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly fixed: object;
} {
  const [, , port = '', tlsDir = '', answer = ''] = process.argv;
  return {
    port: Number(port),
    cert: readFileSync(`${tlsDir}/tls.crt`, 'utf8'),
    key: readFileSync(`${tlsDir}/tls.key`, 'utf8'),
    fixed: JSON.parse(readFileSync(answer, 'utf8')) as object,
  };
}

/** The minimal work of a webhook: a fixed answer with the uid of the review. */
export function floorAnswer(review: unknown, fixed: object): object {
  const { request } = review as { readonly request: { readonly uid: string } };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, allowed: true, patchType: 'JSONPatch', ...fixed },
  };
}
