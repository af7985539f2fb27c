import type { StatusRecord } from '../../api/status-annotation.ts';
import type { Explanation, ReasonText, Step } from '../../diagnostics/explanation.ts';
import type { ContainerChange, PodChanges, VariableChange } from '../../diagnostics/pod-diff.ts';
import type { Chain, ChainValue } from '../../diagnostics/precedence.ts';
import type { EntryMatch } from '../../diagnostics/webhook-match.ts';
import type { EnvVar, Volume } from '../../kubernetes/pod.ts';
import { textIn } from '../../lib/json.ts';
import { oneLine } from '../../lib/text.ts';
import type { Explained } from './explained.ts';

/** Values longer than this are cut: a person wants to see which, not all of it. `-o json` has the whole. */
const MAX_VALUE_LENGTH = 160;

/** An explanation for people: first what it comes to and what to do, then how it came about. */
export function explanationLines(one: Explained): readonly string[] {
  const { decision } = one;
  const at = one.at === undefined ? '' : ` (${one.at})`;
  const place = one.namespace === '' ? '' : ` in namespace ${one.namespace}`;
  return [
    `${one.subject}${place}${at}`,
    ...verdict(decision).map(indented),
    ...one.findings
      .flatMap(({ message, fix: mend }) => [`! ${message}`, ...(mend === undefined ? [] : [indented(`$ ${mend}`)])])
      .map(indented),
    ...section('Recorded on it when it was created', recordLines(one.recorded)),
    ...section('Before agent-injector is asked', (one.apiServer ?? []).map(reachLine)),
    ...section('What was asked, in order', stepLines(decision.path)),
    ...section('Delivery', deliveryLines(decision)),
    ...section('Who said what', decision.settings.flatMap(chainLines)),
    ...section('What would change', changeLines(decision.changes)),
    ...section('Notices', decision.notices.flatMap(reasonLines)),
  ];
}

function indented(line: string): string {
  return `  ${line}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map(indented)];
}

function verdict({ outcome, reason, containers }: Explanation): readonly string[] {
  const each = containers.flatMap((one) => {
    const what = one.profile === undefined ? '' : ` ${one.profile}`;
    return one.outcome === 'injected'
      ? [`injected:${what} into container ${one.container} by ${one.delivery ?? ''}`]
      : one.reason && (containers.length > 1 || outcome === 'injected')
        ? [`container ${one.container}${what} skipped: ${one.reason.message} (${one.reason.code})`]
        : [];
  });
  if (!reason) return each;
  const head = outcome === 'refused' ? 'refused' : 'not injected';
  const [first = '', ...rest] = reasonLines(reason);
  return [`${head}: ${first}`, ...rest, ...each];
}

function reasonLines({ message, code, hint, docs }: ReasonText): readonly string[] {
  return [`${message} (${code})`, indented(`${hint} See ${docs}`)];
}

function recordLines(recorded: StatusRecord | undefined): readonly string[] {
  return recorded === undefined ? [] : JSON.stringify(recorded, null, 2).split('\n');
}

function reachLine({ configuration, entry, called, why }: EntryMatch): string {
  const mark = { yes: '✓', no: '✗', unknown: '?' }[called];
  const what = { yes: 'is called', no: 'is never called', unknown: 'may be called' }[called];
  return `${mark} ${entry} of ${configuration} ${what}${why === undefined ? '' : `: ${why}`}`;
}

/** The steps under what they are about: the pod first, then each container and profile. */
function stepLines(path: readonly Step[]): readonly string[] {
  let about = '';
  return path.flatMap((step) => {
    const next = aboutText(step);
    const head = next === about || next === '' ? [] : [next];
    about = next;
    const mark = step.reason ? '✗' : '✓';
    const why = step.reason ? `: ${step.reason.message} (${step.reason.code})` : '';
    const line = `${mark} ${step.holds}${why}`;
    return [...head, next === '' ? line : indented(line)];
  });
}

function aboutText({ container, profile }: Step): string {
  if (container === undefined) return '';
  return `container ${container}${profile === undefined ? '' : `, profile ${profile}`}`;
}

function deliveryLines({ deliveries }: Explanation): readonly string[] {
  return deliveries.flatMap(({ container, profile, delivery, namedBy, skipped }) => [
    `container ${container}, profile ${profile}: ${delivery}, ${namedBy === undefined ? 'the first that fits' : `named by ${namedBy}`}`,
    ...skipped.map((one) => indented(`passed over: ${one.delivery}: ${one.why}`)),
  ]);
}

function chainLines({ setting, container, values }: Chain): readonly string[] {
  const name = container === undefined ? setting : `${setting} for container ${container}`;
  const winner = values.find(({ state }) => state === 'wins');
  // What may be given and is not is no news; `-o json` has it.
  if (values.length === 0) return [];
  const others = values.filter((value) => value !== winner);
  return [
    winner ? `${name} = ${shown(winner.text)}   by ${sourceText(winner)}` : `${name}   nobody gives it`,
    ...others.map((one) =>
      indented(
        `${one.state === 'locked' ? 'passed over, may not be set there' : 'overridden'}: ${shown(one.text)}   by ${sourceText(one)}`,
      ),
    ),
  ];
}

const SOURCES: { readonly [from in ChainValue['from']]: string } = {
  container: 'pod annotation',
  pod: 'pod annotation',
  namespace: 'namespace annotation',
  cluster: 'cluster default',
  profile: 'profile default',
};

function sourceText({ from, key }: ChainValue): string {
  return key === undefined || from === 'cluster' ? SOURCES[from] : `${SOURCES[from]} ${key}`;
}

function shown(text: string): string {
  return JSON.stringify(oneLine(text, MAX_VALUE_LENGTH));
}

function changeLines(changes: PodChanges): readonly string[] {
  return [
    ...changes.containers.flatMap(containerLines),
    ...changes.initContainers.map((one) => `+ init container ${one.name}, image ${textIn(one, 'image')}`),
    ...changes.volumes.map((volume) => `+ volume ${volume.name}: ${sourceOf(volume)}`),
    ...changes.imagePullSecrets.map((name) => `+ image pull secret ${name}`),
    ...changes.annotations.map(({ name, before, after }) =>
      before === undefined
        ? `+ annotation ${name}: ${shown(after)}`
        : `~ annotation ${name}: ${shown(before)} → ${shown(after)}`,
    ),
  ];
}

function containerLines({ container, environment, mounts }: ContainerChange): readonly string[] {
  return [
    `container ${container}`,
    ...environment.map(variableLine).map(indented),
    ...mounts.map(({ name, mountPath, subPath }) => {
      const part = typeof subPath === 'string' ? `, its ${subPath}` : '';
      return indented(`+ mount ${mountPath} from volume ${name}${part}`);
    }),
  ];
}

function variableLine({ name, before, after }: VariableChange): string {
  if (!before) return `+ ${name}=${valueText(after)}`;
  return `~ ${name}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(entry: EnvVar | undefined): string {
  const from = entry?.['valueFrom'];
  return from === undefined || from === null
    ? shown(entry?.value ?? '')
    : oneLine(JSON.stringify(from), MAX_VALUE_LENGTH);
}

function sourceOf({ name: _name, ...source }: Volume): string {
  return oneLine(JSON.stringify(source), MAX_VALUE_LENGTH);
}
