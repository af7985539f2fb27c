import { DISABLED, ENABLED, INJECTION_LABEL, key, PREFIX, REQUIRED, REVISION_LABEL } from '../../api/keys.ts';
import { MUTATE_PATH, REQUIRED_PATH } from '../../api/paths.ts';
import { overlappingReleases } from '../../diagnostics/overlapping-releases.ts';
import { MIRROR_POD_ANNOTATION, NAMESPACE_NAME_LABEL } from '../../kubernetes/labels.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { describeFailure, isNotFound } from '../client/errors.ts';
import type { ApiResponse, KubeClient } from '../client/types.ts';
import { SYSTEM_NAMESPACES } from './drift.ts';
import { WEBHOOK_CONFIGURATIONS, webhooksOf } from './entries.ts';

/** Where the API server finds a server outside of the cluster. */
export interface Registered {
  /** Without a path. */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly revision: string | undefined;
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly namespaces: typeof ENABLED | typeof REQUIRED;
  /** The injection label of the pods; all pods without it. */
  readonly pods?: JsonObject;
  readonly optOuts: 'excluded' | 'only';
}

const INJECT = key('inject');

/** The entries of the chart. */
const ENTRIES: readonly Entry[] = [
  {
    name: 'enabled',
    path: MUTATE_PATH,
    namespaces: ENABLED,
    pods: { operator: 'NotIn', values: [DISABLED, REQUIRED] },
    optOuts: 'excluded',
  },
  {
    name: 'required-namespaces',
    path: REQUIRED_PATH,
    namespaces: REQUIRED,
    pods: { operator: 'NotIn', values: [DISABLED] },
    optOuts: 'excluded',
  },
  { name: 'required-opt-outs', path: REQUIRED_PATH, namespaces: REQUIRED, optOuts: 'only' },
  {
    name: 'required-pods',
    path: REQUIRED_PATH,
    namespaces: ENABLED,
    pods: { operator: 'In', values: [REQUIRED] },
    optOuts: 'excluded',
  },
];

const CONDITIONS: Readonly<Record<Entry['optOuts'], JsonObject>> = {
  excluded: {
    name: 'not-opted-out',
    expression: `!has(object.metadata.annotations) || !('${INJECT}' in object.metadata.annotations) || object.metadata.annotations['${INJECT}'] != 'false'`,
  },
  only: {
    name: 'opted-out',
    expression: `(has(object.metadata.labels) && '${INJECTION_LABEL}' in object.metadata.labels && object.metadata.labels['${INJECTION_LABEL}'] == '${DISABLED}') || (has(object.metadata.annotations) && '${INJECT}' in object.metadata.annotations && object.metadata.annotations['${INJECT}'] == 'false')`,
  },
};

/** The configuration of a server outside of the cluster. All entries fail open: such a server ends when its machine sleeps. */
export function registeredConfiguration({ url, ca, revision }: Registered): JsonObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: registeredName(revision), labels: { 'app.kubernetes.io/part-of': 'agent-injector' } },
    webhooks: ENTRIES.map(({ name, path, namespaces, pods, optOuts }) => ({
      name: `${name}.${PREFIX}`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      matchPolicy: 'Equivalent',
      reinvocationPolicy: 'IfNeeded',
      timeoutSeconds: 5,
      failurePolicy: 'Ignore',
      clientConfig: { url: `${url}${path}`, caBundle: caBundleOf(ca) },
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
      ],
      namespaceSelector: {
        matchExpressions: [
          { key: INJECTION_LABEL, operator: 'In', values: [namespaces] },
          revision === undefined
            ? { key: REVISION_LABEL, operator: 'DoesNotExist' }
            : { key: REVISION_LABEL, operator: 'In', values: [revision] },
          { key: NAMESPACE_NAME_LABEL, operator: 'NotIn', values: SYSTEM_NAMESPACES },
        ],
      },
      ...(pods && { objectSelector: { matchExpressions: [{ key: INJECTION_LABEL, ...pods }] } }),
      matchConditions: [
        {
          name: 'not-a-mirror-pod',
          expression: `!has(object.metadata.annotations) || !('${MIRROR_POD_ANNOTATION}' in object.metadata.annotations)`,
        },
        CONDITIONS[optOuts],
      ],
    })),
  };
}

function caBundleOf(ca: string): string {
  return Buffer.from(ca).toString('base64');
}

function registeredName(revision: string | undefined): string {
  return ['zz-agent-injector-registered', ...(revision === undefined ? [] : [revision])].join('-');
}

const LIMITS = { timeoutMs: 10_000, maxBytes: 8 * 1024 * 1024 };

/** The webhook configuration of a server outside of the cluster, from `add` to `remove`. */
export class Registration {
  readonly #client: KubeClient;
  readonly #configuration: JsonObject;
  readonly #name: string;
  readonly #url: string;
  readonly #caBundle: string;
  #added: Promise<void> | undefined;

  constructor(client: KubeClient, registered: Registered) {
    this.#client = client;
    this.#url = registered.url;
    this.#caBundle = caBundleOf(registered.ca);
    this.#name = registeredName(registered.revision);
    this.#configuration = registeredConfiguration(registered);
  }

  /** Throws a UsageError if another server is called for the same namespaces, or a permission is missing. */
  async check(): Promise<void> {
    await this.#leftOver();
  }

  /** Writes the configuration, in the place of one that a killed process with the same address has left. Throws as `check` does. */
  async add(): Promise<string> {
    this.#added = this.#write();
    await this.#added;
    return this.#name;
  }

  /** Deletes what `add` has written, and nothing else. Returns what is wrong if that fails. */
  async remove(): Promise<string | undefined> {
    if (!this.#added) return undefined;
    // Its answer may be lost, and another server with the address may have written since.
    await this.#added.catch(() => undefined);
    const found = await this.#client.getJson(WEBHOOK_CONFIGURATIONS, LIMITS);
    if (found.kind !== 'ok') return this.#leftText(found);
    const own = objectsIn(found.body, 'items').find((one) => nameOf(one) === this.#name && this.#isOwn(one));
    if (!own) return undefined;
    const { uid = null, resourceVersion = null } = objectIn(own, 'metadata');
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
    const answer = await this.#client.sendJson(`${WEBHOOK_CONFIGURATIONS}/${this.#name}`, {
      ...LIMITS,
      method: 'DELETE',
      body,
    });
    return answer.kind === 'ok' || isNotFound(answer) ? undefined : this.#leftText(answer);
  }

  #leftText(failure: Exclude<ApiResponse, { kind: 'ok' }>): string {
    return `${describeFailure(failure)}. Delete it: kubectl delete mutatingwebhookconfiguration ${this.#name}`;
  }

  /** Each process has a CA of its own. */
  #isOwn(configuration: JsonObject): boolean {
    const [entry] = webhooksOf(configuration);
    return textIn(objectIn(entry, 'clientConfig'), 'caBundle') === this.#caBundle;
  }

  async #write(): Promise<void> {
    const left = await this.#leftOver();
    const metadata = objectIn(this.#configuration, 'metadata');
    const path = left ? `${WEBHOOK_CONFIGURATIONS}/${this.#name}` : WEBHOOK_CONFIGURATIONS;
    const resourceVersion = left && { resourceVersion: textIn(objectIn(left, 'metadata'), 'resourceVersion') };
    const answer = await this.#client.sendJson(`${path}?fieldManager=agent-injector`, {
      ...LIMITS,
      method: left ? 'PUT' : 'POST',
      body: { ...this.#configuration, metadata: { ...metadata, ...resourceVersion } },
    });
    bodyOf(answer);
  }

  /** A configuration of this name with this address. */
  async #leftOver(): Promise<JsonObject | undefined> {
    const answer = await this.#client.getJson(WEBHOOK_CONFIGURATIONS, LIMITS);
    const all = objectsIn(bodyOf(answer), 'items');
    const left = all.find((one) => nameOf(one) === this.#name);
    const [address] = left ? webhooksOf(left).map((entry) => textIn(objectIn(entry, 'clientConfig'), 'url')) : [];
    if (left && address?.startsWith(`${this.#url}/`) !== true)
      throw new UsageError([
        `register: MutatingWebhookConfiguration ${this.#name} calls ${address ?? 'nothing'}: stop the server there, or delete the configuration`,
      ]);
    const others = [...all.filter((one) => one !== left), this.#configuration];
    for (const { configurations, namespaces } of overlappingReleases(others)) {
      if (!configurations.includes(this.#name)) continue;
      const names = configurations.filter((one) => one !== this.#name).join(', ');
      throw new UsageError([
        `register: ${names} already serves ${namespaces}: set --revision and label your namespace with it, or uninstall the release`,
      ]);
    }
    return left;
  }
}

function bodyOf(answer: ApiResponse): JsonObject {
  if (answer.kind === 'ok') return answer.body;
  throw new UsageError([`register: webhook configurations: ${describeFailure(answer)}`]);
}

function nameOf(object: JsonObject): string {
  return textIn(objectIn(object, 'metadata'), 'name');
}
