import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { builtInDocuments } from '../../src/profile-sources/builtin-documents.ts';
import { TOKEN_FILE } from '../../src/cluster/client/credentials.ts';
import { findDrift } from '../../src/cluster/webhook-configuration/drift.ts';
import { readConfig } from '../../src/config/config.ts';
import { decisionOptionNames } from '../../src/config/decision-options.ts';
import { type LabelledNamespace, matchOf } from '../../src/diagnostics/webhook-match.ts';
import { overlappingReleases, revisionOf } from '../../src/diagnostics/overlapping-releases.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { type JsonObject, objectsIn } from '../../src/lib/json.ts';
import { ProfileDirectory } from '../../src/profile-sources/directory.ts';
import { lockableNames } from '../../src/profiles/tenancy/policy.ts';
import { configurationOf } from '../support/chart-values.ts';
import { catalogue } from '../support/fixtures.ts';
import { variableOf } from '../../src/config/option-names.ts';
import { optionNames } from '../../src/config/options.ts';
import type { KubeObject } from '../support/client.ts';
import {
  chart,
  NAMESPACE,
  only,
  permissions,
  podSpecs,
  render,
  renderText,
  root,
  valuesFiles,
  type PodSpec,
} from '../support/chart.ts';
import { helm, run } from '../support/deploy-tools.ts';

function serverConfiguration(objects: readonly KubeObject[]): string {
  const config = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata?.labels?.['app.kubernetes.io/component'] === 'webhook',
  );
  return (config?.['data'] as Record<string, string> | undefined)?.['agent-injector.yaml'] ?? '';
}

interface Webhook {
  readonly name: string;
  readonly failurePolicy: string;
  readonly clientConfig: { readonly service: Record<string, unknown>; readonly caBundle?: string };
  readonly namespaceSelector: { readonly matchExpressions: readonly Expression[] };
  readonly [field: string]: unknown;
}
interface Projected {
  readonly sources: readonly {
    readonly secret?: {
      readonly name: string;
      readonly optional?: boolean;
      readonly items: readonly { readonly key: string; readonly path: string }[];
    };
    readonly [source: string]: unknown;
  }[];
}
interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}
const webhooksOf = (objects: readonly KubeObject[]): readonly Webhook[] =>
  only<{ webhooks: Webhook[] }>(objects, 'MutatingWebhookConfiguration').webhooks;
const serverOf = (objects: readonly KubeObject[]): PodSpec => {
  const [server] = podSpecs([only(objects, 'Deployment')]);
  if (!server) throw new Error('no pod');
  return server;
};
const environmentOf = (objects: readonly KubeObject[]): Record<string, string> =>
  Object.fromEntries(serverOf(objects).containers[0]?.env?.map(({ name, value }) => [name, value]) ?? []);

/** True if the server issues its certificate, whose key gives the secret in the paths. */
const writesPaths = (objects: readonly KubeObject[]): boolean =>
  environmentOf(objects)['AGENT_INJECTOR_TLS_SECRET'] !== undefined;

describe.skipIf(helm === undefined)('the chart', () => {
  describe.each([...valuesFiles.keys()])('with the values %s', (values) => {
    it('passes helm lint --strict', () => {
      const { code, stdout, stderr } = run(helm ?? '', [
        'lint',
        '--strict',
        chart,
        '--values',
        valuesFiles.get(values) ?? '',
      ]);
      expect(stderr + stdout).toMatch(/0 chart\(s\) failed/);
      expect(code).toBe(0);
    });

    it('renders the same bytes twice', () => {
      expect(renderText(values)).toBe(renderText(values));
    });

    it('has the standard labels on every object and every pod, and selects by name and instance alone', () => {
      const objects = render(values);
      for (const { kind, metadata } of objects) {
        const of = `${kind} ${metadata?.name}`;
        for (const label of ['name', 'instance', 'version', 'component', 'part-of', 'managed-by']) {
          expect(Object.keys(metadata?.labels ?? {}), of).toContain(`app.kubernetes.io/${label}`);
        }
        expect(metadata?.labels?.['helm.sh/chart'], of).toBe('agent-injector-0.1.0');
        expect(metadata?.labels?.['app.kubernetes.io/part-of'], of).toBe('agent-injector');
      }
      const { spec } = only<{ spec: { selector: { matchLabels: Record<string, string> }; template: KubeObject } }>(
        objects,
        'Deployment',
      );
      const selector = spec.selector.matchLabels;
      expect(Object.keys(selector)).toEqual(['app.kubernetes.io/name', 'app.kubernetes.io/instance']);
      expect(spec.template.metadata?.labels).toMatchObject(selector);
      expect(only<{ spec: { selector: unknown } }>(objects, 'Service').spec.selector).toEqual(selector);
      // Nothing else carries these labels as a pod: the Service would send reviews to it.
      for (const pod of objects.filter(({ kind }) => kind === 'Pod'))
        expect(pod.metadata?.labels).not.toMatchObject(selector);
    });

    it('names its namespace on everything that lives in one', () => {
      const clusterWide = new Set([
        'ClusterRole',
        'ClusterRoleBinding',
        'CustomResourceDefinition',
        'MutatingWebhookConfiguration',
        'Namespace',
        'ValidatingAdmissionPolicy',
        'ValidatingAdmissionPolicyBinding',
      ]);
      for (const { kind, metadata } of render(values)) {
        const expected = clusterWide.has(kind ?? '') ? [undefined] : [NAMESPACE, `${metadata?.name}`];
        expect(expected, `${kind} ${metadata?.name}`).toContain(metadata?.namespace);
      }
    });

    it('never calls for system namespaces nor its own, whatever their labels', () => {
      const webhooks = webhooksOf(render(values));
      expect(webhooks).toHaveLength(values === 'strict-required' ? 3 : 4);
      for (const { name, namespaceSelector } of webhooks) {
        const excluded = namespaceSelector.matchExpressions.find(({ key }) => key === 'kubernetes.io/metadata.name');
        expect(excluded?.operator, name).toBe('NotIn');
        expect(excluded?.values, name).toEqual(
          expect.arrayContaining(['kube-system', 'kube-public', 'kube-node-lease', NAMESPACE]),
        );
      }
    });

    it('divides the pods among its entries, none asked about twice', () => {
      const objects = render(values);
      const policies = new Map(webhooksOf(objects).map(({ name, failurePolicy }) => [name, failurePolicy]));
      const configuration = only<JsonObject>(objects, 'MutatingWebhookConfiguration');
      const asks = (namespace: string | undefined, pod: string | undefined, inject?: string): readonly string[] =>
        matchOf([configuration], namespaceOf(configuration, namespace), podWith(pod, inject)).flatMap(
          ({ called, entry }) => (called === 'no' ? [] : [`${called} ${entry.split('.')[0]} ${policies.get(entry)}`]),
        );
      const isStrict = values === 'strict-required';
      const optional = ['yes enabled Ignore'];
      const pod = ['yes required-pods Fail'];
      const required = ['yes required-namespaces Fail'];
      const optOut = isStrict ? required : ['yes required-opt-outs Ignore'];
      expect(asks('enabled', undefined)).toEqual(optional);
      expect(asks('enabled', undefined, 'false')).toEqual([]);
      expect(asks('enabled', undefined, 'true')).toEqual(optional);
      expect(asks('enabled', 'required')).toEqual(pod);
      expect(asks('enabled', 'required', 'false')).toEqual(isStrict ? pod : []);
      expect(asks('enabled', 'disabled')).toEqual([]);
      expect(asks('required', undefined)).toEqual(required);
      expect(asks('required', undefined, 'true')).toEqual(required);
      expect(asks('required', 'required')).toEqual(required);
      expect(asks('required', undefined, 'false')).toEqual(optOut);
      expect(asks('required', 'disabled')).toEqual(optOut);
      expect(asks('required', 'disabled', 'false')).toEqual(optOut);
      for (const namespace of [undefined, '', 'true', 'disabled']) {
        for (const label of [undefined, 'required', 'enabled']) expect(asks(namespace, label)).toEqual([]);
      }
    });

    it('calls the path for required pods from every entry but the one for optional injection, or leaves it to the server', () => {
      const objects = render(values);
      const paths = webhooksOf(objects).map(({ name, clientConfig }) => [name, clientConfig.service['path']]);
      const plain = (name: unknown): string => (name === 'enabled.agent-injector.io' ? '/mutate' : '/mutate/required');
      expect(paths).toEqual(paths.map(([name]) => [name, writesPaths(objects) ? undefined : plain(name)]));
      const { metadata } = only(objects, 'MutatingWebhookConfiguration');
      const isSecret = writesPaths(objects) && values !== 'plain-paths';
      expect(metadata?.annotations?.['agent-injector.io/webhook-path']).toBe(isSecret ? 'secret' : undefined);
    });

    it('has entries that the server finds no fault with', () => {
      const objects = render(values);
      const name = String(webhooksOf(objects)[0]?.clientConfig.service['name']);
      const configuration = only<JsonObject>(objects, 'MutatingWebhookConfiguration');
      const service = {
        name,
        namespace: NAMESPACE,
        revision: revisionOf(configuration),
        writesPaths: writesPaths(objects),
      };
      expect(findDrift(objectsIn(configuration, 'webhooks'), service)).toEqual([]);
    });

    it('asks about the creation of pods only, and in the way that the server is built for', () => {
      for (const webhook of webhooksOf(render(values))) {
        expect(webhook).toMatchObject({
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
          ],
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          reinvocationPolicy: 'IfNeeded',
          matchPolicy: 'Equivalent',
          clientConfig: { service: { namespace: NAMESPACE, port: 443 } },
        });
        expect(webhook['timeoutSeconds']).toBeLessThanOrEqual(5);
      }
    });

    it('holds no authority, no key and nothing random', () => {
      const objects = render(values);
      const bundles = webhooksOf(objects).map(({ clientConfig }) => clientConfig.caBundle);
      const given = (
        parse(readFileSync(valuesFiles.get(values) ?? '', 'utf8')) as {
          certificates?: { existingSecret?: { caBundle?: string } };
        }
      ).certificates?.existingSecret?.caBundle;
      expect(new Set(bundles)).toEqual(new Set([given]));
      for (const secret of objects.filter(({ kind }) => kind === 'Secret')) {
        expect(Object.keys(secret).toSorted()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
      }
    });

    it('makes pods that the PodSecurity level "restricted" admits', () => {
      for (const pod of podSpecs(render(values))) {
        // In the network of the node nothing above "privileged" admits a pod; all else stays as strict.
        const onNode = values === 'host-network' && pod.containers[0]?.args[0] === 'serve';
        expect(pod.hostNetwork ?? false).toBe(onNode);
        const user = values === 'openshift' ? {} : { runAsUser: 65532, runAsGroup: 65532 };
        expect(pod.securityContext).toEqual({
          runAsNonRoot: true,
          ...user,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(pod).not.toHaveProperty('hostPID');
        expect(pod).not.toHaveProperty('hostIPC');
        expect(pod.enableServiceLinks).toBe(false);
        for (const volume of pod.volumes ?? []) {
          expect(['configMap', 'projected']).toContain(Object.keys(volume).find((key) => key !== 'name'));
        }
        for (const container of pod.containers) {
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          expect(container.resources.limits['memory']).toBe(container.resources.requests['memory']);
          expect(container.resources.requests['cpu']).toBeDefined();
          expect(container.image).not.toMatch(/:latest$|^[^:@]+$/);
          for (const mount of container.volumeMounts ?? []) expect(mount.readOnly).toBe(true);
          for (const port of container.ports ?? []) expect(port.hostPort).toBeUndefined();
        }
      }
    });

    it('gives the server settings that it has, and ports that go together', () => {
      const objects = render(values);
      const environment = environmentOf(objects);
      const known = new Set<string>(optionNames.map(variableOf));
      for (const name of Object.keys(environment)) expect(known).toContain(name);
      const server = serverOf(objects);
      const ports = Object.fromEntries(
        server.containers[0]?.ports?.map(({ name, containerPort }) => [name, String(containerPort)]) ?? [],
      );
      expect(ports).toEqual({
        https: environment['AGENT_INJECTOR_PORT'],
        admin: environment['AGENT_INJECTOR_ADMIN_PORT'],
      });
      expect(server.terminationGracePeriodSeconds).toBeGreaterThan(
        Number(environment['AGENT_INJECTOR_DRAIN_SECONDS']) + 10,
      );
      for (const name of [
        'AGENT_INJECTOR_CONFIG',
        'AGENT_INJECTOR_TLS_DIR',
        'AGENT_INJECTOR_CLIENT_CA',
        'AGENT_INJECTOR_PROFILES',
      ]) {
        const path = environment[name];
        const mounted = server.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
        if (path !== undefined) expect(mounted.some((dir) => path.startsWith(dir))).toBe(true);
      }
    });

    it('gives the server a configuration file that it reads', () => {
      const objects = render(values);
      const dir = mkdtempSync(join(tmpdir(), 'agent-injector-chart-'));
      onTestFinished(() => rmSync(dir, { recursive: true }));
      const file = join(dir, 'agent-injector.yaml');
      writeFileSync(file, serverConfiguration(objects));
      const environment = Object.entries(environmentOf(objects));
      const read = readConfig({}, { ...Object.fromEntries(environment), AGENT_INJECTOR_CONFIG: file });
      expect(read).toMatchObject({ ok: true });
      if (!read.ok) return;
      expect(read.value.defaults).toEqual(
        values === 'everything' ? { 'server-address': 'jennifer.apm.svc', 'domain-id': '1000' } : {},
      );
      for (const name of Object.keys(read.value.defaults)) expect(catalogue.knownSettings).toContain(name);
    });

    it('sets what decisions depend on in the file that explain, audit and plan read, not in the environment', () => {
      const variables = new Set(Object.keys(environmentOf(render(values))));
      expect(decisionOptionNames.map(variableOf).filter((name) => variables.has(name))).toEqual([]);
    });
  });

  const controllers = ['replicationcontrollers', 'replicasets', 'statefulsets', 'daemonsets', 'jobs'];
  const forEvents = ['create events', ...controllers.map((resource) => `get ${resource}`)].map(
    (what) => `ClusterRole agent-injector: ${what}`,
  );
  const resourcesOf = {
    claims: ['persistentvolumeclaims', 'volumeattachments'],
    volumes: ['persistentvolumes', 'storageclasses'],
    quotas: ['resourcequotas', 'limitranges'],
    nodes: ['nodes'],
  };
  const readsOf = (resources: readonly string[]) =>
    resources.flatMap((resource) => ['list', 'watch'].map((verb) => `ClusterRole agent-injector: ${verb} ${resource}`));
  const ofChecks = readsOf(Object.values(resourcesOf).flat());

  it('gives people what the command line reads, and the servers nothing of it', () => {
    const ofPeople = permissions(render('default', { args: ['--no-hooks'] }), 'cli');
    expect(ofPeople).toContain('ClusterRole agent-injector-cli: list nodes');
    for (const line of ofPeople) expect(line).toMatch(/: (get|list) /);
    // It has the secret of the path.
    expect(ofPeople.filter((line) => line.includes('mutatingwebhookconfigurations'))).toEqual([]);
    const plain = render('default', { args: ['--no-hooks', '--set', 'webhook.path=plain'] });
    expect(permissions(plain, 'cli')).toContain('ClusterRole agent-injector-cli: list mutatingwebhookconfigurations');
    const readers = '[{"kind":"Group","name":"team"}]';
    const open = render('default', { args: ['--set-json', `cli.readers=${readers}`, '--set', 'cli.viewRole=false'] });
    expect(permissions(open, 'cli')).toEqual([
      'Role agent-injector-cli: get configmaps agent-injector agent-injector-profiles agent-injector-switch',
    ]);
    const bound = open.filter(({ metadata }) => metadata?.name === 'agent-injector-cli');
    expect(bound.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding']);
  });

  it('allows what it needs by default, to the verb', () => {
    expect(permissions(render('default', { args: ['--no-hooks'] }))).toEqual([
      'ClusterRole agent-injector: get namespaces',
      'ClusterRole agent-injector: list namespaces',
      'ClusterRole agent-injector: watch namespaces',
      ...forEvents,
      ...ofChecks,
      'ClusterRole agent-injector: list mutatingwebhookconfigurations zz-agent-injector',
      'ClusterRole agent-injector: watch mutatingwebhookconfigurations zz-agent-injector',
      'ClusterRole agent-injector: patch mutatingwebhookconfigurations zz-agent-injector',
      'ClusterRole agent-injector: list mutatingwebhookconfigurations',
      'ClusterRole agent-injector-audit: list pods',
      'Role agent-injector-switch: list configmaps agent-injector-switch',
      'Role agent-injector-switch: watch configmaps agent-injector-switch',
      'Role agent-injector: get secrets agent-injector-tls',
      'Role agent-injector: update secrets agent-injector-tls',
    ]);
    expect(permissions(render()).filter((line) => line.includes('agent-injector-test'))).toEqual([
      'Role agent-injector-test: create pods',
    ]);
  });

  it.each([
    [[], 'claims,volumes,quotas,nodes', ofChecks],
    ...Object.entries(resourcesOf).map(
      ([check, resources]) =>
        [
          Object.keys(resourcesOf).flatMap((other) => (other === check ? [] : [`checks.${other}=false`])),
          check,
          readsOf(resources),
        ] as const,
    ),
    [Object.keys(resourcesOf).map((check) => `checks.${check}=false`), 'none', []],
  ] as const)('lets the server read what it checks by, and no more: --set %j', (sets, setting, allowed) => {
    const objects = render('default', { args: ['--no-hooks', ...sets.flatMap((set) => ['--set', set])] });
    expect(parse(serverConfiguration(objects))).toHaveProperty('checks', setting);
    expect(permissions(objects).filter((line) => ofChecks.includes(line))).toEqual(allowed);
  });

  it.each([
    ['off', 'off'],
    ['dry-run', 'dry-run'],
    // YAML reads off as false.
    ['false', 'off'],
  ])('tells the server not to inject: --set injection=%s', (given, setting) => {
    expect(parse(serverConfiguration(render()))).not.toHaveProperty('injection');
    const objects = render('default', { args: ['--set', `injection=${given}`] });
    expect(parse(serverConfiguration(objects))).toHaveProperty('injection', setting);
    expect(() => render('default', { args: ['--set', 'injection=of'] })).toThrow(/injection/);
  });

  it('tells the server the Pod Security level of the cluster only if it is set', () => {
    expect(parse(serverConfiguration(render()))).not.toHaveProperty('podSecurityDefault');
    const objects = render('default', { args: ['--set', 'podSecurityDefault=baseline'] });
    expect(parse(serverConfiguration(objects))).toHaveProperty('podSecurityDefault', 'baseline');
    expect(() => render('default', { args: ['--set', 'podSecurityDefault=strict'] })).toThrow(/podSecurityDefault/);
  });

  it('lets the server read ConfigMaps only where their keys are asked for, by a role of its own', () => {
    const ofConfigMaps = (values: string) =>
      permissions(render(values, { args: ['--no-hooks'] })).filter((line) => line.endsWith('configmaps'));
    expect(ofConfigMaps('default')).toEqual([]);
    expect(parse(serverConfiguration(render('default')))).not.toHaveProperty('configMapKeys');
    expect(ofConfigMaps('everything')).toEqual([
      'ClusterRole apm-injector-config-map-keys: list configmaps',
      'ClusterRole apm-injector-config-map-keys: watch configmaps',
    ]);
    expect(parse(serverConfiguration(render('everything')))).toHaveProperty('configMapKeys', true);
    const binding = render('everything').find(
      ({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata?.name === 'apm-injector-config-map-keys',
    );
    expect(binding).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'apm-injector-config-map-keys' },
      subjects: [{ kind: 'ServiceAccount', name: 'injector-account', namespace: NAMESPACE }],
    });
  });

  it('lets the server read the one ConfigMap with facts about images, only where they are asked for', () => {
    const ofFacts = (objects: ReturnType<typeof render>) =>
      permissions(objects).filter((line) => line.startsWith('Role ') && line.includes('-image-facts: '));
    const off = render('default', { args: ['--no-hooks'] });
    expect(ofFacts(off)).toEqual([]);
    expect(parse(serverConfiguration(off))).not.toHaveProperty('imageFacts');
    const on = render('default', { args: ['--no-hooks', '--set', 'imageFacts.enabled=true'] });
    expect(ofFacts(on)).toEqual([
      'Role agent-injector-image-facts: list configmaps agent-injector-image-facts',
      'Role agent-injector-image-facts: watch configmaps agent-injector-image-facts',
    ]);
    expect(parse(serverConfiguration(on))).toMatchObject({
      imageFacts: `${NAMESPACE}/agent-injector-image-facts`,
      imageFactsMaxAge: '30d',
    });
  });

  it('lets the server list pods only where it audits, by a role of its own', () => {
    const off = render('default', { args: ['--no-hooks', '--set', 'audit.enabled=false'] });
    expect(permissions(off).filter((line) => line.includes('pods'))).toEqual([]);
    expect(environmentOf(off)).not.toHaveProperty('AGENT_INJECTOR_AUDIT_INTERVAL');
    const on = render('default', { args: ['--no-hooks', '--set', 'audit.interval=1h'] });
    expect(permissions(on).filter((line) => line.includes('pods'))).toEqual([
      'ClusterRole agent-injector-audit: list pods',
    ]);
    expect(environmentOf(on)).toHaveProperty('AGENT_INJECTOR_AUDIT_INTERVAL', '1h');
    expect(environmentOf(render())).toHaveProperty('AGENT_INJECTOR_AUDIT_INTERVAL', '10m');
  });

  it('allows less where others bring the certificate', () => {
    const namespaces = ['get', 'list', 'watch'].map((verb) => `ClusterRole agent-injector: ${verb} namespaces`);
    for (const values of ['cert-manager', 'cert-manager-own-issuer', 'existing-secret-with-authority']) {
      expect(permissions(render(values, { args: ['--no-hooks'] })), values).toEqual([
        ...namespaces,
        ...forEvents,
        ...ofChecks,
        'ClusterRole agent-injector: list mutatingwebhookconfigurations',
        'ClusterRole agent-injector-audit: list pods',
        'Role agent-injector-switch: list configmaps agent-injector-switch',
        'Role agent-injector-switch: watch configmaps agent-injector-switch',
      ]);
    }
    // All that can be switched off is off.
    const optional = new Set([...forEvents, ...ofChecks]);
    expect(permissions(render('minimal', { args: ['--no-hooks'] })).filter((line) => optional.has(line))).toEqual([]);
    expect(
      permissions(render('existing-secret', { args: ['--no-hooks'] })).filter((line) => line.includes('secrets')),
    ).toEqual([]);
  });

  it('gives the server the profiles, as a ConfigMap of its own or of yours', async () => {
    const objects = render('everything');
    const made = objects.find(({ metadata }) => metadata?.name === 'apm-injector-profiles');
    expect(made?.kind).toBe('ConfigMap');
    const dir = mkdtempSync(join(tmpdir(), 'agent-injector-chart-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    for (const [name, text] of Object.entries(made?.['data'] as Record<string, string>))
      writeFileSync(join(dir, name), text);
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const directory = await ProfileDirectory.open({ dir, builtIn: builtInDocuments.profiles, tables: catalogue, log });
    expect(directory.problems()).toEqual([]);
    const { parameters } = directory.catalogue().profiles.get('own') ?? {};
    expect(parameters?.get('domain-id')?.description).toBe('{{ .Values.replicas }}');
    for (const [values, name] of [
      ['everything', 'apm-injector-profiles'],
      ['profiles-config-map', 'our-profiles'],
    ]) {
      const server = serverOf(render(values));
      expect(server.volumes).toContainEqual({ name: 'profiles', configMap: { name } });
    }
    expect(render('profiles-config-map').filter(({ kind }) => kind === 'ConfigMap')).toHaveLength(1);
    expect(environmentOf(render('default'))).not.toHaveProperty('AGENT_INJECTOR_PROFILES');
  });

  it('lets cert-manager publish the authority, and mounts what it issues for the name that the API server calls', () => {
    const objects = render('cert-manager');
    expect(only(objects, 'MutatingWebhookConfiguration').metadata?.annotations).toEqual({
      'cert-manager.io/inject-ca-from': `${NAMESPACE}/agent-injector`,
    });
    const certificate = objects.find(
      ({ kind, metadata }) => kind === 'Certificate' && metadata?.name === 'agent-injector',
    );
    const spec = certificate?.['spec'] as { secretName: string; dnsNames: string[] } | undefined;
    expect(spec?.dnsNames).toEqual([`agent-injector.${NAMESPACE}.svc`]);
    expect(JSON.stringify(serverOf(objects).volumes)).toContain(`"name":"${spec?.secretName}"`);
  });

  it.each([...valuesFiles.keys()])('keeps the key of an authority out of the pods, with the values %s', (values) => {
    const objects = render(values);
    const { volumes = [], containers } = serverOf(objects);
    const secrets = volumes.filter((volume) => JSON.stringify(volume).includes('"secret'));
    const isIssued = environmentOf(objects)['AGENT_INJECTOR_TLS_DIR'] === undefined;
    // The server reads the Secret that it fills with its own permission; nothing is mounted.
    expect(secrets).toHaveLength(isIssued ? 0 : 1);
    expect(permissions(objects).filter((line) => line.includes('secrets'))).toHaveLength(isIssued ? 2 : 0);
    expect(JSON.stringify(containers)).not.toContain('secretKeyRef');
    const sources = secrets.flatMap(({ projected }) =>
      (projected as Projected).sources.flatMap(({ secret }) => secret ?? []),
    );
    const paths = sources.flatMap(({ items }) => items.map(({ key, path }) => `${key} ${path}`));
    expect(paths).toEqual(isIssued ? [] : ['tls.crt tls.crt', 'tls.key tls.key', 'ca.crt ca.crt']);
    // A Secret without ca.crt can be mounted; one without the certificate keeps the pod waiting.
    expect(sources.map(({ optional }) => optional ?? false)).toEqual(isIssued ? [] : [false, true]);
    // Not the one of the CA that cert-manager makes for this release.
    for (const { name } of sources) expect(name).not.toMatch(/-ca$/);
  });

  it('limits its ServiceAccount by admission policies, where it may write something, and not if they are switched off', () => {
    const policies = (values: string, ...sets: readonly string[]) =>
      render(values, { args: ['--no-hooks', ...sets.flatMap((set) => ['--set', set])] })
        .filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
        .map(({ metadata }) => metadata?.name?.replace('agent-injector-', ''));
    expect(policies('default')).toEqual(['webhook', 'secret', 'events']);
    expect(policies('default', 'events.enabled=false')).toEqual(['webhook', 'secret']);
    expect(policies('existing-secret')).toEqual(['webhook', 'events']);
    expect(policies('cert-manager')).toEqual(['events']);
    expect(policies('default', 'admissionPolicy.enabled=false')).toEqual([]);
    const account = `system:serviceaccount:${NAMESPACE}:injector-account`;
    for (const { kind, spec } of render('everything').filter((object) =>
      object.kind?.startsWith('ValidatingAdmission'),
    ))
      if (kind === 'ValidatingAdmissionPolicy') expect(JSON.stringify(spec)).toContain(`username == '${account}'`);
  });

  it('mounts a token of an hour, and only where it is used', () => {
    for (const spec of podSpecs(render())) {
      expect(spec.automountServiceAccountToken).toBe(false);
      const sources = spec.volumes?.flatMap(({ projected }) => (projected as Projected | undefined)?.sources ?? []);
      expect(sources).toContainEqual({ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } });
      const [container] = spec.containers;
      expect(container?.volumeMounts?.[0]?.mountPath).toBe(dirname(TOKEN_FILE));
    }
  });

  it('limits egress to the addresses of the API servers, if they are known', () => {
    const egressOf = (...sets: readonly string[]) =>
      only<{ spec: { egress: readonly { to?: object; ports: readonly object[] }[] } }>(
        render('default', { args: sets.flatMap((set) => ['--set', set]) }),
        'NetworkPolicy',
      ).spec.egress;
    const [any] = egressOf();
    expect(any).not.toHaveProperty('to');
    const cidrs = ['10.0.0.1/32', 'fd00::1/128'];
    expect(egressOf(`networkPolicy.apiServerCidrs={${cidrs.join()}}`)).toEqual([
      { ports: any?.ports, to: cidrs.map((cidr) => ({ ipBlock: { cidr } })) },
    ]);
  });

  it.each([
    ['default', [], undefined, undefined],
    ['default', ['adminHost=0.0.0.0'], '0.0.0.0', undefined],
    ['host-network', [], '127.0.0.1', '127.0.0.1'],
    ['host-network', ['adminHost=::1'], '::1', '::1'],
    ['host-network', ['adminHost=0.0.0.0'], '0.0.0.0', undefined],
  ])('opens the admin port where the kubelet asks: %s %j', (values, sets, listens, asked) => {
    const objects = render(values, { args: sets.flatMap((set) => ['--set', set]) });
    expect(environmentOf(objects)['AGENT_INJECTOR_ADMIN_HOST']).toBe(listens);
    for (const container of serverOf(objects).containers)
      for (const name of ['livenessProbe', 'readinessProbe'])
        expect((container[name] as { httpGet: { host?: string } }).httpGet.host, name).toBe(asked);
  });

  it('lets the autoscaler decide how many there are, where there is one', () => {
    expect(only<{ spec: object }>(render('everything'), 'Deployment').spec).not.toHaveProperty('replicas');
    expect(only<{ spec: object }>(render(), 'Deployment').spec).toHaveProperty('replicas', 2);
  });

  it('replaces one by one on the network of the node, where two cannot share a port', () => {
    const strategy = (values: string) =>
      only<{ spec: { strategy: { rollingUpdate: unknown } } }>(render(values), 'Deployment').spec.strategy
        .rollingUpdate;
    expect(strategy('host-network')).toEqual({ maxSurge: 0, maxUnavailable: 1 });
    expect(strategy('default')).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  });

  it.each([
    ['hostNetwork=true,ports.webhook=10250', /10250.*kubelet/],
    ['ports.webhook=9090', /must be different/],
    ['adminHost=127.0.0.1', /hostNetwork/],
    ['hostNetwork=true,serviceMonitor.enabled=true', /adminHost/],
    ['certificates.source=existingSecret', /set certificates\.existingSecret\.name/],
    ['profiles.a=x,profilesConfigMap=b', /only one of/],
  ])('refuses --set %s in words', (set, message) => {
    expect(() => renderText('default', { args: ['--set', set] })).toThrow(message);
  });

  it.each([
    ['replica=3', 'replica'],
    ['image.tga=1', 'tga'],
    ['image.digest=abc', 'digest'],
    ['certificates.source=cert-manager', 'source'],
    ['certificates.certmanager.duration=1h', 'certmanager'],
    ['ports.webhook=0', 'webhook'],
    ['webhook.timeoutSeconds=30', 'timeoutSeconds'],
    ['certificates.certManager.duration=90d', 'duration'],
    ['webhook.failurePolicy=Fail', 'failurePolicy'],
    ['logLevel=verbose', 'logLevel'],
    ['serviceMonitor.interval=often', 'interval'],
    ['defaults.server_address=x', 'server_address'],
    ['tenancy=lax', 'tenancy'],
    ['allowedProfiles={Our}', 'allowedProfiles'],
    ['builtInProfiles=no', 'builtInProfiles'],
    ['settableBy.images={cluster}', 'images'],
    ['settableBy.image={clusters}', 'image'],
    ['profiles.Mine=x', 'Mine'],
    ['profiles.mine.spec=x', 'mine'],
    ['profilesConfigMap=Mine', 'profilesConfigMap'],
    ['configMapKeys=true', 'configMapKeys'],
    ['checks.claim=false', 'claim'],
    ['audit.interval=0', 'interval'],
    ['runAsUser=0', 'runAsUser'],
    ['revision=Canary', 'revision'],
    ['installChecks=maybe', 'installChecks'],
    ['adminHost=localhost', 'adminHost'],
    ['networkPolicy.apiServerCidrs={10.0.0.1}', 'apiServerCidrs'],
  ])('refuses --set %s by its schema, and names the key', (set, key) => {
    const { code, stderr } = run(helm ?? '', ['template', 'x', chart, '--set', set]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("values don't meet the specifications of the schema");
    expect(stderr).toContain(key);
  });

  it('renders the tenancy of its values, and the server reads it', () => {
    const values = {
      tenancy: 'open',
      allowedProfiles: ['jennifer-dotnet', 'our-*'],
      builtInProfiles: false,
      settableBy: { address: ['cluster'], claim: ['cluster', 'namespace'] },
      defaults: { 'agent-image.jennifer-dotnet': 'registry.example.com/a:1' },
    };
    const dir = mkdtempSync(join(tmpdir(), 'agent-injector-chart-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'values.yaml');
    writeFileSync(file, JSON.stringify(values));
    const text = serverConfiguration(render('default', { args: ['--values', file] }));
    expect(parse(text)).toEqual(configurationOf(values));
    writeFileSync(file, text);
    expect(readConfig({ config: file }, {}).ok).toBe(true);
  });

  it('names in its schema what the server knows', () => {
    const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as {
      properties: { settableBy: { propertyNames: { enum: string[] } } };
    };
    expect(schema.properties.settableBy.propertyNames.enum).toEqual(lockableNames);
  });

  it('lets the server look for other releases only if it is to', () => {
    const of = (...sets: readonly string[]) =>
      permissions(render('default', { args: ['--no-hooks', ...sets.flatMap((set) => ['--set', set])] })).filter(
        (line) => line.endsWith('mutatingwebhookconfigurations'),
      );
    expect(of()).toEqual(['ClusterRole agent-injector: list mutatingwebhookconfigurations']);
    expect(of('installChecks=false')).toEqual([]);
  });

  it('keeps two releases apart by their revisions', () => {
    const release = (name: string, ...sets: readonly string[]) =>
      render('default', { release: name, args: sets.flatMap((set) => ['--set', set]) });
    const configurationIn = (objects: readonly KubeObject[]) =>
      only<JsonObject>(objects, 'MutatingWebhookConfiguration');
    const [plain, canary] = [release('stable'), release('next', 'revision=canary')];
    expect(overlappingReleases([plain, canary].map(configurationIn))).toEqual([]);
    expect(overlappingReleases([plain, release('next')].map(configurationIn))).toHaveLength(1);
    expect(
      findDrift(only<{ webhooks: JsonObject[] }>(canary, 'MutatingWebhookConfiguration').webhooks, {
        name: 'next-agent-injector',
        namespace: NAMESPACE,
        revision: 'canary',
        writesPaths: writesPaths(canary),
      }),
    ).toEqual([]);
    expect(parse(serverConfiguration(canary))).toMatchObject({ revision: 'canary' });
    const label = { 'agent-injector.io/revision': 'canary' };
    expect(only(canary, 'Namespace').metadata?.labels).toMatchObject(label);
    expect(only(plain, 'Namespace').metadata?.labels).not.toHaveProperty(Object.keys(label));
  });

  it.each([
    ['last', 'zz-agent-injector'],
    ['first', 'agent-injector'],
  ])('gives everything that names the webhook configuration its name: order %s', (order, name) => {
    const objects = render('default', { args: ['--set', `webhook.order=${order}`] });
    expect(only(objects, 'MutatingWebhookConfiguration').metadata?.name).toBe(name);
    const text = JSON.stringify(objects);
    expect(text).toContain(`"name":"AGENT_INJECTOR_WEBHOOK_CONFIGURATION","value":"${name}"`);
    expect(text).toContain(`"resourceNames":["${name}"]`);
    expect(text).toContain(`request.name == '${name}'`);
  });

  it('keeps two releases apart by their names', () => {
    const names = (release: string) =>
      render('default', { release }).map(({ kind, metadata }) => `${kind}/${metadata?.name}`);
    const [one, two] = [names('agent-injector'), names('canary')];
    expect(one.filter((name) => two.includes(name))).toEqual([]);
    expect(two).toContain('Deployment/canary-agent-injector');
  });
});

function labelsWith(injection: string | undefined, namespace?: string): Record<string, string> {
  return {
    ...(namespace !== undefined && { 'kubernetes.io/metadata.name': namespace }),
    ...(injection !== undefined && { 'agent-injector.io/injection': injection }),
  };
}

/** A namespace that the release serves. */
function namespaceOf(configuration: JsonObject, injection: string | undefined): LabelledNamespace {
  const revision = revisionOf(configuration);
  const labels = labelsWith(injection, 'shop');
  return {
    name: 'shop',
    labels: revision === undefined ? labels : { ...labels, 'agent-injector.io/revision': revision },
  };
}

function podWith(label: string | undefined, inject: string | undefined): Pod {
  const annotations = inject === undefined ? {} : { 'agent-injector.io/inject': inject };
  return { metadata: { labels: labelsWith(label), annotations }, spec: { containers: [{ name: 'web' }] } };
}

describe('the files of the chart', () => {
  it('have a schema for every value, and a value for all of the schema', () => {
    const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as object;
    const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Schema;
    // `global` belongs to whoever makes this chart a part of theirs.
    expect(
      pathsOfSchema(schema)
        .filter((path) => path !== 'global')
        .toSorted(),
    ).toEqual(pathsOfValues(values, schema).toSorted());
  });

  it('have a comment before every value, or before the group that it is in', () => {
    const blocks = readFileSync(join(chart, 'values.yaml'), 'utf8').split('\n\n');
    for (const block of blocks) expect(block.trimStart().startsWith('#'), block).toBe(true);
  });

  it('call nothing that differs from render to render', () => {
    // Two of these render no object, and one what the server has written.
    const lookUp = new Set(['checks.yaml', 'NOTES.txt', '_live.tpl']);
    for (const file of readdirSync(join(chart, 'templates'), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(yaml|tpl|txt)$/.test(file) || lookUp.has(file)) continue;
      const text = readFileSync(join(chart, 'templates', file), 'utf8');
      for (const [code] of text.matchAll(/\{\{[\s\S]*?\}\}/g)) {
        expect(code, file).not.toMatch(
          /\b(rand\w*|gen(CA|SelfSigned|Signed|PrivateKey)\w*|uuidv4|now|lookup|htpasswd|bcrypt|Capabilities|Revision)\b/,
        );
      }
    }
  });

  it('have the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))).toMatchObject({ version, appVersion: version });
  });
});

interface Schema {
  readonly additionalProperties?: boolean | Schema;
  readonly properties?: Record<string, Schema>;
}

/** Paths of all values whose keys the schema fixes. */
function pathsOfSchema(schema: Schema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => [
    `${prefix}${key}`,
    ...pathsOfSchema(child, `${prefix}${key}.`),
  ]);
}

function pathsOfValues(values: unknown, schema: Schema | undefined, prefix = ''): string[] {
  if (schema?.properties === undefined || typeof values !== 'object' || values === null) return [];
  return Object.entries(values).flatMap(([key, value]) => [
    `${prefix}${key}`,
    ...pathsOfValues(value, schema.properties?.[key], `${prefix}${key}.`),
  ]);
}
