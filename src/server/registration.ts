import type { Logger } from 'pino';
import { issueForHost } from '../certificates/issue.ts';
import type { ServerCertificate } from '../certificates/server-certificate.ts';
import { wallClockOf } from '../certificates/wall-clock.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { Registration } from '../cluster/webhook-configuration/registration.ts';
import type { Config } from '../config/config.ts';

/** A server outside of the cluster, which the API server calls by an address. */
export interface OpenedRegistration {
  readonly certificate: ServerCertificate;
  /** Makes the API server call this server. */
  readonly add: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Throws a UsageError if the configuration cannot be written because another server has the namespaces. */
export async function openRegistration(
  { register, revision }: Config,
  client: KubeClient | undefined,
  log: Logger,
): Promise<OpenedRegistration | undefined> {
  if (register === undefined || !client) return undefined;
  const { hostname } = new URL(register);
  const url = new URL(register).origin;
  const certificate = await issueForHost(hostname.replaceAll(/[[\]]/g, ''), wallClockOf(client).now());
  const registration = new Registration(client, { url, ca: certificate.ca, revision });
  await registration.check();
  return {
    certificate,
    add: async () => {
      const webhookConfiguration = await registration.add();
      log.info({ webhookConfiguration, url }, 'the API server calls this server until it stops (SIGTERM or Ctrl-C)');
    },
    remove: async () => {
      const problem = await registration.remove();
      if (problem === undefined) log.info({}, 'the API server no longer calls this server');
      else log.error({}, `the webhook configuration is still there: ${problem}`);
    },
  };
}
