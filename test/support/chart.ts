import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from './client.ts';
import { helm, run } from './deploy-tools.ts';

export const root: string = join(import.meta.dirname, '../..');
export const chart: string = join(root, 'deploy/helm/agent-injector');
export const NAMESPACE = 'agent-injector';

const valuesDir = join(import.meta.dirname, '../deploy/values');

/** The values files that the chart is tested with: their paths by name. */
export const valuesFiles: ReadonlyMap<string, string> = new Map(
  readdirSync(valuesDir).map((file) => [file.replace('.yaml', ''), join(valuesDir, file)]),
);

export interface RenderOptions {
  readonly release?: string;
  readonly args?: readonly string[];
}

/** Renders the chart with Helm, including hooks. */
export function renderText(values = 'default', { release = 'agent-injector', args = [] }: RenderOptions = {}): string {
  const file = valuesFiles.get(values);
  if (helm === undefined || file === undefined) throw new Error(`cannot render with ${values}`);
  const result = run(helm, ['template', release, chart, '--namespace', NAMESPACE, '--values', file, ...args]);
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout;
}

export function objectsOf(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'));
    const object = document.toJS({}) as KubeObject | null;
    return object === null ? [] : [object];
  });
}

const rendered = new Map<string, readonly KubeObject[]>();

/** Caches its results. */
export function render(values?: string, options?: RenderOptions): readonly KubeObject[] {
  const key = JSON.stringify([values, options]);
  const objects = rendered.get(key) ?? objectsOf(renderText(values, options));
  rendered.set(key, objects);
  return objects;
}

/** The only object of a kind, in the shape that the caller expects. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function only<T = KubeObject>(objects: readonly KubeObject[], kind: string): T {
  const found = objects.filter((object) => object.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind}`);
  return found[0] as T;
}

export interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName?: string;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: Record<string, unknown>;
  readonly volumes?: readonly Record<string, unknown>[];
  readonly topologySpreadConstraints?: readonly { whenUnsatisfiable: string }[];
  readonly containers: readonly {
    readonly image: string;
    readonly args: readonly string[];
    readonly command?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly hostPort?: number }[];
    readonly resources: Record<'requests' | 'limits', Record<string, unknown>>;
    readonly securityContext: Record<string, unknown>;
    readonly volumeMounts?: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
    readonly [field: string]: unknown;
  }[];
}

/** The specs of the pods of the server and of the test. */
export function podSpecs(objects: readonly KubeObject[]): readonly PodSpec[] {
  return objects.flatMap((object) => {
    if (object.kind === 'Pod') return [object['spec'] as PodSpec];
    const { template } = (object['spec'] ?? {}) as { template?: { spec: PodSpec } };
    return object.kind === 'Deployment' && template ? [template.spec] : [];
  });
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The permissions of all roles, a line for each verb: `ClusterRole agent-injector: watch namespaces`. */
export function permissions(objects: readonly KubeObject[], component?: 'cli'): readonly string[] {
  return objects
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .filter(({ metadata }) => isOfUsers(metadata?.labels) === (component === 'cli'))
    .flatMap(({ kind, metadata, ...role }) =>
      (role['rules'] as readonly Rule[]).flatMap(({ resources, resourceNames = [], verbs }) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => [`${kind} ${metadata?.name}: ${verb}`, resource, ...resourceNames].join(' ')),
        ),
      ),
    );
}

/** True for the roles that are for people, not for the servers. */
function isOfUsers(labels: Readonly<Record<string, string>> | undefined): boolean {
  const { 'app.kubernetes.io/component': component } = labels ?? {};
  return component === 'cli' || component === 'resources';
}
