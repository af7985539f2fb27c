// Text that acts on a terminal or on the log of a CI job, and an API server whose every object is named by it.

/** Each in a name: an escape sequence, C1 and DEL, line breaks, bidirectional overrides, invisible and tag characters, commands of CI systems. */
const HOSTILE = [
  '\u001B[2J\u001B]0;title\u0007',
  '\u009B31m\u007F\u0085',
  '\n::add-path::/tmp/evil\n',
  '\r::set-env name=LD_PRELOAD::/tmp/evil\r\n',
  '\u2028::error::x\u2029',
  '##[add-path]/tmp/evil',
  '##vso[task.setvariable variable=PATH]/tmp/evil',
  "##teamcity[buildStatus text='x']",
  'a\u202Eb\u2066c\u2069\u200F\u061C',
  '\u200B\uFEFF\u00AD\uFE0F\u3164\u{E0041}\u{E007F}',
] as const;
export const EVIL: string = `x${HOSTILE.join('y')}z`;

/** What of a text would act on a terminal or a CI log. */
export function actsIn(text: string): readonly string[] {
  const found = [...text.matchAll(/(?![\n\t]|\r\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu)].map(
    ([one]) => `U+${one.codePointAt(0)?.toString(16)}`,
  );
  const commands = text.split('\n').filter((line) => /^::|##\w*\[/.test(line.trim()));
  return [...new Set(found), ...commands];
}

export const pod = (name: string, more: object = {}) => ({
  metadata: { name, namespace: 'shop', ...more },
  spec: {
    containers: [
      { name: EVIL, image: EVIL, env: [{ name: 'JAVA_TOOL_OPTIONS', value: EVIL }] },
      { name: 'b', image: 'b' },
    ],
  },
});
export const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: EVIL, namespace: 'shop', annotations: { [`agent-injector.io/${EVIL}`]: EVIL } },
  spec: {
    template: {
      ...pod(EVIL, { annotations: { 'agent-injector.io/profile': EVIL, [`profile.agent-injector.io/${EVIL}`]: EVIL } }),
    },
  },
};
export const named = (name: string, annotations: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'agent-injector.io/injection': 'enabled' }, annotations },
});

/** An API server whose every object has such names. It stands for one that is compromised: a real one refuses most of them. */
export function hostileAnswer(path: string): object {
  const list = (...items: readonly object[]): object => ({ kind: 'List', metadata: { resourceVersion: '1' }, items });
  if (path.startsWith('/version')) return { major: '1', minor: '36', gitVersion: `v1.36.0${EVIL}` };
  if (path.endsWith('/selfsubjectaccessreviews')) return { status: { allowed: false, reason: EVIL } };
  // A namespace that is not opted in yet.
  if (path.endsWith('/namespaces/plain')) return { ...named('plain'), metadata: { name: 'plain' } };
  if (path.endsWith('/namespaces/plain/deployments'))
    return list({ ...deployment, metadata: { ...deployment.metadata, namespace: 'plain' } });
  if (path.endsWith('/namespaces')) return list(named('shop', { 'agent-injector.io/profile': EVIL }), named(EVIL));
  if (/\/namespaces\/[^/]+$/.test(path)) return named('shop', { 'agent-injector.io/profile': EVIL });
  if (path.endsWith('/pods')) return list({ ...pod(EVIL), kind: 'Pod' });
  if (/\/pods\/[^/]+$/.test(path))
    return { ...pod(EVIL, { annotations: { 'agent-injector.io/status': EVIL } }), kind: 'Pod' };
  if (path.endsWith('/deployments')) return list(deployment);
  if (/\/deployments\/[^/]+$/.test(path)) return deployment;
  if (path.endsWith('/mutatingwebhookconfigurations')) {
    const webhook = {
      name: EVIL,
      clientConfig: { service: { name: 'x', namespace: 'y' } },
      rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['pods'] }],
    };
    const own = {
      ...webhook,
      name: `enabled-namespaces.agent-injector.io`,
      matchConditions: [{ name: EVIL, expression: EVIL }],
    };
    return list({ metadata: { name: EVIL }, webhooks: [webhook, own] });
  }
  if (path.endsWith('/secrets/s')) return { data: { 'tls.crt': Buffer.from(EVIL).toString('base64') }, type: EVIL };
  return list();
}
