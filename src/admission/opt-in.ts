import { MIRROR_POD_ANNOTATION } from '../kubernetes/labels.ts';
import { DISABLED, ENABLED, INJECTION_LABEL, key, parseKey, REQUIRED, REVISION_LABEL } from '../api/keys.ts';
import { firstReason, type Rule } from '../injection/rule.ts';
import type { InjectionContext } from '../injection/context.ts';
import { tracer } from '../injection/trace.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { ownerKindsOf } from '../kubernetes/owner.ts';
import { annotationsOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { splitList } from '../lib/text.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { sourceText } from '../reasons/message.ts';
import type { Reason } from '../reasons/reason.ts';
import { intendedLabel } from '../settings/misspelled-keys.ts';
import { isRequired, isStrict } from '../settings/required.ts';
import { resolveSetting, wantsInjection } from '../settings/resolve.ts';
import { suspensionOf } from '../settings/suspension.ts';
import { injectedByPolicy } from './policy-record.ts';
import { MAX_NOTICES } from '../settings/unknown-keys.ts';

export function isOptedIn({ labels }: Namespace): boolean {
  const label = labels[INJECTION_LABEL];
  return label === ENABLED || label === REQUIRED;
}

/** True if this release serves the namespace, not another one of the cluster. */
export function isServedBy({ revision }: Pick<Catalogue, 'revision'>, { labels }: Pick<Namespace, 'labels'>): boolean {
  return labels[REVISION_LABEL] === revision;
}

/** True if the pod itself opts out, which needs no knowledge of its namespace. */
export function optsOut(pod: Pod): boolean {
  return labelsOf(pod)[INJECTION_LABEL] === DISABLED || annotationsOf(pod)[key('inject')] === 'false';
}

// The selectors of the API server check most of this too, but callers can bypass the API server.
const rules: readonly Rule<InjectionContext>[] = [
  {
    name: 'mirror',
    holds: 'the pod is not a mirror pod',
    evaluate: ({ pod }) =>
      annotationsOf(pod)[MIRROR_POD_ANNOTATION] === undefined ? undefined : { code: 'mirror-pod' },
  },
  {
    name: 'namespace-label',
    holds: 'the namespace is opted in by its label',
    evaluate: ({ namespace }) => {
      if (isOptedIn(namespace)) return undefined;
      const { name, labels } = namespace;
      return {
        code: 'namespace-not-enabled',
        namespace: name,
        label: labels[INJECTION_LABEL],
        suggestion: intendedLabel(namespace),
      };
    },
  },
  {
    name: 'revision',
    holds: 'no other release serves the namespace, by its label',
    evaluate: ({ namespace, catalogue }) => {
      if (isServedBy(catalogue, namespace)) return undefined;
      const { name, labels } = namespace;
      return { code: 'other-revision', namespace: name, label: labels[REVISION_LABEL], revision: catalogue.revision };
    },
  },
  {
    name: 'pod-label',
    holds: 'the pod is not opted out by its label',
    evaluate: (context) =>
      labelsOf(context.pod)[INJECTION_LABEL] === DISABLED && !isStrict(context)
        ? { code: 'opted-out', by: `pod label ${INJECTION_LABEL}=${DISABLED}` }
        : undefined,
  },
  {
    name: 'owner',
    holds: "the kind of the pod's owner is not excluded, or an agent is required",
    evaluate: (context) => (isRequired(context) ? undefined : excludedOwner(context)),
  },
  {
    name: 'inject',
    holds: 'inject is not "false"',
    evaluate: (context) => {
      const inject = wantsInjection(context);
      // A value that means nothing opts no pod out, and refuses none where injection is stopped.
      if (!inject.ok) return suspensionOf(context) ?? inject.error;
      const { wanted, source } = inject.value;
      if (wanted || source === undefined) return undefined;
      // Where the namespace leaves the choice to its pods, the label `required` opts a pod in.
      if (source.from !== 'pod' && labelsOf(context.pod)[INJECTION_LABEL] === REQUIRED) return undefined;
      return { code: 'opted-out', by: sourceText(source) };
    },
  },
  {
    name: 'suspended',
    holds: 'injection is not suspended for the cluster or the namespace',
    evaluate: suspensionOf,
  },
  {
    name: 'policy',
    holds: 'no admission policy has injected the pod',
    evaluate: ({ pod, catalogue }) => injectedByPolicy(pod, catalogue),
  },
  {
    name: 'namespace-values',
    holds: 'the annotations of the namespace are short enough to be read',
    evaluate: valueTooLong,
  },
];

/** Only known settings count, unless more keys than are listed were left out, and known ones may be among them. */
function valueTooLong({ namespace: { tooLong = [] }, pod, catalogue }: InjectionContext): Reason | undefined {
  const own = annotationsOf(pod);
  const ignored =
    tooLong.find((one) => own[one] === undefined && catalogue.knownSettings.has(parseKey(one)?.setting ?? '')) ??
    (tooLong.length >= MAX_NOTICES ? tooLong[0] : undefined);
  return ignored === undefined ? undefined : { code: 'value-too-long', key: ignored };
}

export function reasonToSkip(context: InjectionContext): Reason | undefined {
  return firstReason(rules, context, context.trace && tracer(context.trace, 'opt-in', {}));
}

function excludedOwner(context: InjectionContext): Extract<Reason, { code: 'owner-excluded' }> | undefined {
  const kinds = ownerKindsOf(context.pod, context.cluster);
  const setting = kinds.length === 0 ? undefined : resolveSetting(context, 'exclude-owners');
  const excluded = setting ? splitList(setting.text) : [];
  const kind = kinds.find((name) => excluded.includes(name));
  return kind !== undefined && setting ? { code: 'owner-excluded', kind, by: sourceText(setting.source) } : undefined;
}

/** The notice for a pod that would be excluded by its owner if no agent were required. */
export function ignoredExclusion(context: InjectionContext): readonly Reason[] {
  const excluded = isRequired(context) ? excludedOwner(context) : undefined;
  return excluded ? [{ ...excluded, code: 'owner-not-excluded' }] : [];
}
