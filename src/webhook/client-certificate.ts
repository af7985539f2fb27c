import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

export function clientCertificateNames(request: IncomingMessage): readonly string[] {
  const { socket } = request;
  if (!(socket instanceof TLSSocket)) return [];
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return [];
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  const dnsNames = [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,"]+)/g)];
  return [...(commonName === undefined ? [] : [commonName]), ...dnsNames.flatMap(([, name]) => (name ? [name] : []))];
}
