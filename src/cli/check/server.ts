import type { KubeClient } from '../../cluster/client/types.ts';
import { describeFailure, isNotFound } from '../../cluster/client/errors.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import type { ObjectName } from '../../cluster/object-name.ts';
import type { Check } from '../../diagnostics/checks/check.ts';
import { checkReleaseNamespaces, checkReleases } from '../../diagnostics/checks/cluster.ts';
import { overlappingReleases, withoutRelease } from '../../diagnostics/overlapping-releases.ts';
import { type Replicas, checkReplicas, replicasOf } from '../../diagnostics/checks/replicas.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { certificateReports } from '../certs/installed.ts';
import { installedSettings, serviceOf } from '../installed-settings.ts';
import { builtInCatalogue } from '../../profile-sources/builtin.ts';
import { serverVersions } from '../version/version.ts';
import { checkEntries } from './entries.ts';
import type { Surroundings } from './world.ts';

/** Checks that a server is installed, and that its replicas run. */
export async function checkServers(
  { client, configurations, world }: Surroundings,
  enabled: readonly Namespace[],
): Promise<readonly Check[]> {
  if (!configurations)
    return [
      {
        name: 'installed',
        result: 'unknown',
        message: 'you may not list webhook configurations: no server is checked',
      },
    ];
  const own = configurations.filter((one) => ownEntries(one).length > 0);
  if (own.length === 0) return [NOT_INSTALLED];
  const services = own.flatMap((one) => serviceOf(one) ?? []);
  const replicas = await Promise.all(services.map((service) => readReplicas(client, service)));
  const names = own.map((one) => textIn(objectIn(one, 'metadata'), 'name')).join(', ');
  return [
    { name: 'installed', result: 'ok', message: `webhook configuration ${names}` },
    ...own.flatMap(checkEntries),
    ...replicas.flat(),
    ...(await checkVersions(client, own)),
    ...checkReleases(overlappingReleases(configurations, enabled), withoutRelease(configurations, enabled)),
    ...checkReleaseNamespaces(
      [...new Set(services.map(({ namespace }) => namespace))].flatMap((one) => world.namespaces.get(one) ?? []),
    ),
  ];
}

const NOT_INSTALLED: Check = {
  name: 'installed',
  result: 'problem',
  message: 'agent-injector is not installed: no MutatingWebhookConfiguration has an entry of it',
  hint: 'Install it with helm or kubectl, or check the cluster before that: $ agent-injector check --pre',
};

async function readReplicas(client: KubeClient, service: ObjectName): Promise<readonly Check[]> {
  const { namespace, name } = service;
  const answer = await readOnce(client, `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
  if (answer.kind !== 'ok') {
    const result = isNotFound(answer) ? 'problem' : 'note';
    return [{ name: 'replicas', result, message: `Deployment ${namespace}/${name}: ${describeFailure(answer)}` }];
  }
  const selector = Object.entries(objectIn(objectIn(objectIn(answer.body, 'spec'), 'selector'), 'matchLabels'));
  const labels = new URLSearchParams({
    labelSelector: selector
      .flatMap(([label, value]) => (typeof value === 'string' ? [`${label}=${value}`] : []))
      .join(),
  });
  const pods = await readOnce(client, `/api/v1/namespaces/${namespace}/pods?${labels.toString()}`);
  const found: Replicas = replicasOf(answer.body, pods.kind === 'ok' ? objectsIn(pods.body, 'items') : []);
  return [checkReplicas(service, found)];
}

async function checkVersions(client: KubeClient, own: readonly JsonObject[]): Promise<readonly Check[]> {
  const versions = await serverVersions(client, own);
  return versions
    .filter(({ version }) => version !== 'unknown' && version !== VERSION)
    .map(({ version, configuration }) => ({
      name: 'versions',
      result: 'note',
      message: `the server of ${configuration} has version ${version}, this program ${VERSION}: what it predicts may differ`,
    }));
}

/** Checks the configuration and the profiles of each server, as a new replica would read them. */
export async function checkConfigurations({ client, configurations = [] }: Surroundings): Promise<readonly Check[]> {
  const own = configurations.filter((one) => ownEntries(one).length > 0);
  const inputs = { client, catalogue: builtInCatalogue(), readsProfiles: true };
  const checks = await Promise.all(
    own.map(async (configuration): Promise<readonly Check[]> => {
      const settings = await installedSettings(configuration, inputs);
      if (!settings.ok) return [unknownConfiguration(settings.error)];
      const { from = '', catalogue, unknown } = settings.value;
      return [
        { name: 'configuration', result: 'ok', message: `${from} is valid` },
        ...(unknown
          ? [{ name: 'profiles', result: 'problem' as const, message: unknown.message, hint: BROKEN_PROFILE }]
          : [ownProfiles(catalogue.own.size)]),
        ...(catalogue.injection ? [stopped(catalogue.injection)] : []),
      ];
    }),
  );
  return checks.flat();
}

const BROKEN_PROFILE =
  'The servers go on with the last valid version of it. Find the error: $ agent-injector lint FILE';

function ownProfiles(count: number): Check {
  const message = count === 0 ? 'no profiles of your own' : `${count} of your own profiles are valid`;
  return { name: 'profiles', result: 'ok', message };
}

function unknownConfiguration({ code, message }: { readonly code: string; readonly message: string }): Check {
  const isBroken = code === 'invalid' || code === 'absent';
  const hint = 'Correct it before a replica starts again: it would not start.';
  return { name: 'configuration', result: isBroken ? 'problem' : 'note', message, ...(isBroken && { hint }) };
}

function stopped({ mode, by }: { readonly mode: string; readonly by: string }): Check {
  const what = mode === 'on' ? 'a profile is stopped' : `injection is ${mode}`;
  return { name: 'switch', result: 'note', message: `${what} (${by})`, hint: '$ agent-injector start' };
}

/** Days before the expiry of a certificate at which it is a note, if it should have been renewed: the servers do that when a third of its lifetime is left. */
const SOON = 7;
const LAST_SHARE = 0.25;

/** Checks the certificates that the API server meets. */
export async function checkCertificates(
  client: KubeClient,
  configurations: readonly JsonObject[],
  at: Date,
): Promise<readonly Check[]> {
  const reports = await certificateReports(client, configurations, at);
  return reports.flatMap(({ from, certificates, problems }): readonly Check[] => {
    if (problems.length > 0)
      return problems.map((message) => ({
        name: 'certificate',
        result: 'problem',
        message,
        hint: '$ agent-injector certs',
      }));
    const days = Math.min(...certificates.map(({ daysLeft }) => daysLeft));
    const isLate = certificates.some(
      ({ daysLeft, lifetimeDays }) => daysLeft <= SOON && daysLeft < lifetimeDays * LAST_SHARE,
    );
    const result = isLate ? 'note' : 'ok';
    return [
      { name: 'certificate', result, message: `${from}: trusted by every webhook entry, valid for ${days} days` },
    ];
  });
}
