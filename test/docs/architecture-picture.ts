import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { objectsOf, only, root, type Rule } from '../support/chart.ts';
import { type Box, label, picture, rectangle } from '../support/svg.ts';

interface Installed {
  readonly entries: readonly string[];
  readonly service: string;
  readonly port: number;
  readonly replicas: number;
  readonly watched: readonly string[];
}

/** What deploy/install.yaml installs. */
function installed(): Installed {
  const objects = objectsOf(readFileSync(join(root, 'deploy/install.yaml'), 'utf8'));
  const { webhooks } = only<{
    readonly webhooks: readonly { readonly name: string; readonly failurePolicy: string }[];
  }>(objects, 'MutatingWebhookConfiguration');
  const service = only<{
    readonly metadata: { readonly name: string };
    readonly spec: { readonly ports: readonly { readonly port: number }[] };
  }>(objects, 'Service');
  const { spec } = only<{ readonly spec: { readonly replicas: number } }>(objects, 'Deployment');
  const rules = objects.flatMap((one) =>
    one.kind === 'ClusterRole' && one.metadata?.name === 'agent-injector' ? (one['rules'] as readonly Rule[]) : [],
  );
  return {
    entries: webhooks.map(({ name, failurePolicy }) => `${name.split('.')[0] ?? name}: ${failurePolicy}`),
    service: service.metadata.name,
    port: service.spec.ports[0]?.port ?? 0,
    replicas: spec.replicas,
    watched: rules.filter(({ verbs }) => verbs.includes('watch')).flatMap(({ resources }) => resources),
  };
}

function titled(box: Box, title: string, lines: readonly string[], fill: string): readonly string[] {
  return [
    rectangle(box, fill),
    label(title, box.x + 12, box.y + 22, { size: 14, weight: 600 }),
    ...lines.map((line, index) => label(line, box.x + 12, box.y + 42 + index * 16, { size: 11, fill: '#57606a' })),
  ];
}

function arrow(from: readonly [number, number], to: readonly [number, number], text: string): readonly string[] {
  const at = { x: (from[0] + to[0]) / 2, y: (from[1] + to[1]) / 2 - 6 };
  return [
    `<path d="M${from.join(' ')}L${to.join(' ')}" stroke="#2f81f7" stroke-width="1.5" marker-end="url(#end)"/>`,
    label(text, at.x, at.y, { size: 11, anchor: 'middle', fill: '#0969da' }),
  ];
}

const HEAD =
  '<defs><marker id="end" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto"><path d="M0 0L8 4L0 8z" fill="#2f81f7"/></marker></defs>';

/** How a pod gets its agent, with the names and numbers of what is installed. */
export function architecturePicture(): string {
  const { entries, service, port, replicas, watched } = installed();
  const user = { x: 20, y: 40, w: 180, h: 96 };
  const server = { x: 300, y: 20, w: 250, h: 60 + 16 * entries.length };
  const replica = { x: 690, y: 20, w: 250, h: 60 + 16 * 4 };
  const pod = { x: 300, y: 220, w: 250, h: 110 };
  const state = { x: 690, y: 220, w: 250, h: 48 + 16 * (watched.length + 1) };
  const middle = (box: Box): number => box.y + 66;
  return picture(960, Math.max(pod.y + pod.h, state.y + state.h) + 20, 'How a pod gets its agent', [
    HEAD,
    ...titled(user, 'kubectl, controllers', ['create a pod, with no word', 'of an agent'], '#ffffff'),
    ...titled(server, 'API server', ['MutatingWebhookConfiguration', ...entries], '#ddf4ff'),
    ...titled(
      replica,
      `agent-injector, ${replicas} replicas`,
      [
        'opt-in → settings → containers →',
        'plan → patch → verify',
        'pure: no call while a pod waits',
        `Service ${service}:${port}, HTTPS`,
      ],
      '#dafbe1',
    ),
    ...titled(
      pod,
      'pod',
      [
        'the app, as it was written',
        '+ environment variables',
        '+ volume with the agent’s files',
        '+ status annotation with the reason',
      ],
      '#ffffff',
    ),
    ...titled(state, 'what the replicas watch', ['profiles (built in, and yours)', ...watched], '#ffffff'),
    ...arrow([user.x + user.w, middle(user)], [server.x, middle(user)], 'CREATE pod'),
    ...arrow([server.x + server.w, 70], [replica.x, 70], 'AdmissionReview'),
    ...arrow([replica.x, 110], [server.x + server.w, 110], 'patch or reason'),
    ...arrow([server.x + server.w / 2, server.y + server.h], [pod.x + pod.w / 2, pod.y], 'stored, scheduled'),
    ...arrow([state.x + state.w / 2, state.y], [state.x + state.w / 2, replica.y + replica.h], 'lists and watches'),
  ]);
}
