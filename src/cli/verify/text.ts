import type { ContainerVerdict, PodVerdict } from '../../diagnostics/liveness/pod-verdict.ts';
import type { LivenessReport } from '../../diagnostics/liveness/report.ts';
import type { Verdict } from '../../diagnostics/liveness/verdict-code.ts';
import { indent } from '../format.ts';

const words: { readonly [verdict in Verdict]: string } = {
  alive: 'alive',
  'not-alive': 'not alive',
  starting: 'starting',
  unknown: 'not known',
};

/** The report for people: the verdict, what to do, and below it each pod. */
export function reportLines(report: LivenessReport): readonly string[] {
  const { subject, namespace, verdict, code, message, next, pods, notes } = report;
  const [only, ...others] = pods;
  const details = only && others.length === 0 ? podLines(only, 'one') : pods.flatMap((pod) => podLines(pod, 'several'));
  return [
    `${subject} in namespace ${namespace}`,
    indent(`${words[verdict]}: ${message} (${code})`),
    ...(next === undefined ? [] : [indent(stepText(next))]),
    ...notes.map((note) => indent(`! ${note}`)),
    ...details,
  ];
}

function stepText(next: string): string {
  return next.startsWith('kubectl') ? `  $ ${next}` : `  ${next}`;
}

function podLines({ pod, verdict, code, containers, log }: PodVerdict, of: 'one' | 'several'): readonly string[] {
  const head = of === 'one' ? [] : [`Pod/${pod}: ${words[verdict]} (${code})`];
  const end = log ? [`the log of container ${log.container} ends with:`, ...log.lines.map(indent)] : [];
  return ['', ...head, ...[...containers.map(containerLine), ...end].map(indent)];
}

function containerLine({ container, profile, verdict, code, message }: ContainerVerdict): string {
  const what = profile === undefined ? '' : `, ${profile}`;
  return `container ${container}${what}: ${words[verdict]} (${code}): ${message}`;
}
