import { registerWebhook, type RegisteredWebhook, type WebhookEntry } from '../e2e/webhook.ts';
import { ApiError, type Client } from '../support/client.ts';
import type { ControlPlane, ControlPlaneOptions } from '../support/control-plane.ts';
import type { Injector } from '../support/injector.ts';
import { ours, startInjectorUncalled } from '../support/injected-cluster.ts';
import { recordOf, type Pod } from '../support/pod.ts';
import { agentsIn } from './shown.ts';

// A control plane and the built server, which tests register before or after other injectors.

/** By the name of our configuration: the API server calls webhooks in the order of these names. */
export const ORDERS = { first: 'agent-injector', last: 'zz-agent-injector' } as const;
export type Order = keyof typeof ORDERS;
export const orders = ['first', 'last'] as const;

export const labels = ['enabled', 'required'] as const;
export type Label = (typeof labels)[number];

/** Whether the other injector is called again. Ours always is. */
export const reinvocations = ['Never', 'IfNeeded'] as const;
export type Reinvocation = (typeof reinvocations)[number];

/** The reasons that name another agent. */
export const CONFLICTS = ['slot-shared', 'foreign-agent', 'foreign-profiler', 'foreign-agent-requested'];

/** The built-in profiles that want the same place as another injector's agent. */
export const PROFILES = {
  java: ['jennifer-java', 'newrelic-java', 'opentelemetry-java'],
  nodejs: ['newrelic-nodejs', 'opentelemetry-nodejs'],
  python: ['newrelic-python', 'opentelemetry-python'],
  dotnet: ['jennifer-dotnet', 'newrelic-dotnet', 'opentelemetry-dotnet'],
} as const;
export type Language = keyof typeof PROFILES;
export const languages = Object.keys(PROFILES) as readonly Language[];

export const OUR_ENDPOINT = 'http://ours:4318';

export const SETTINGS = {
  'server-address': 'jennifer.example.com',
  'license-secret': 'license',
  'otlp-endpoint': OUR_ENDPOINT,
  delivery: 'initContainer',
  'agent-image': 'registry.example.com/agent:1',
};

/** Another injector, as it is registered. */
export interface Registered {
  readonly configuration: string;
  readonly url: string;
  readonly ca: string;
  readonly entry?: WebhookEntry;
}

export interface Besides {
  readonly others: readonly Registered[];
  /** Without it, ours is not called. */
  readonly order?: Order;
  /** @default IfNeeded */
  readonly reinvocation?: Reinvocation;
}

/** How the creation of a pod ended. */
export interface Verdict {
  /** The agents that the container `app` loads. */
  readonly agents: number;
  /** Of the pod or its first container that has one, or of the refusal; empty if the pod was injected. */
  readonly reason: string;
  /** Undefined if it was refused. */
  readonly pod?: Pod;
  readonly warnings: readonly string[];
}

export interface Bed {
  readonly controlPlane: ControlPlane;
  readonly client: Client;
  readonly injector: Injector;
  /** Runs while the API server calls the others and, in this order, ours. */
  readonly beside: <T>(besides: Besides, run: () => Promise<T>) => Promise<T>;
  /** Creates a pod, as a dry run unless told otherwise. */
  readonly create: (pod: Pod, options?: { readonly dryRun?: boolean }) => Promise<Verdict>;
  readonly stop: () => Promise<void>;
}

/** Starts both, with the namespaces `enabled` and `required`. */
export async function startBed(options: ControlPlaneOptions = {}): Promise<Bed> {
  const started = await startInjectorUncalled({ ...options, flags: { tenancy: 'open' } }, async (both) => {
    for (const label of labels) await createNamespace(both.client, label, label);
    return {};
  });
  const { client, injector } = started;
  const { url, ca } = injector;
  return {
    ...started,
    beside: async ({ others, order, reinvocation = 'IfNeeded' }, run) => {
      const registered: RegisteredWebhook[] = [];
      try {
        for (const { configuration, ...other } of others)
          registered.push(
            await registerWebhook(client, { ...other, name: configuration, reinvocationPolicy: reinvocation }),
          );
        if (order) registered.push(await registerWebhook(client, { name: ORDERS[order], url, ca }));
        return await run();
      } finally {
        for (const one of registered) await one.remove();
      }
    },
    create: async (pod, { dryRun = true } = {}) => create(client, pod, dryRun),
  };
}

export async function createNamespace(
  client: Client,
  name: string,
  label: Label,
  annotations: Readonly<Record<string, string>> = {},
): Promise<void> {
  await client.createNamespace(name, {
    labels: ours({ injection: label }),
    annotations: { ...ours(SETTINGS), ...annotations },
  });
}

async function create(client: Client, pod: Pod, dryRun: boolean): Promise<Verdict> {
  try {
    const { object, warnings } = await client.create<Pod>(pod, { dryRun });
    const record = recordOf(object) as { reason?: string; containers?: readonly { reason?: string }[] } | undefined;
    const reason = record?.reason ?? record?.containers?.find((one) => one.reason !== undefined)?.reason ?? '';
    return { agents: agentsIn(object), reason, pod: object, warnings };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { agents: 0, reason: /\(([a-z-]+)\)/.exec(error.message)?.[1] ?? error.message, warnings: [] };
  }
}
