import type { FastifyInstance } from 'fastify';

/** Opens a port and returns its number. `::` accepts IPv4 too; without IPv6, 0.0.0.0 is used instead. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) return listen(server, '0.0.0.0', port);
    if (code === 'EADDRINUSE')
      throw new Error(`port ${port} is already in use: stop the process that uses it, or choose another port`, {
        cause: error,
      });
    throw error;
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
