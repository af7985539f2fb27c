import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** The names in the certificate that the caller showed: its common name, and its DNS names. */
export function clientCertificateNames(request: IncomingMessage): readonly string[] {
  const { socket } = request;
  if (!(socket instanceof TLSSocket)) return [];
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return [];
  const common = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  const others = [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,"]+)/g)];
  return [...(common === undefined ? [] : [common]), ...others.flatMap(([, name]) => (name ? [name] : []))];
}
