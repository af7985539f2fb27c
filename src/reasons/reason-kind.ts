/**
 * The kind of a reason decides how it is treated:
 * - `choice`: no agent is asked for here. The pod is left unchanged, without a warning; refused where the pod is `required`.
 * - `exemption`: the pod is exempt. It is left unchanged, without a warning; a `required` pod gets the notice `required-opt-out` and a record.
 * - `suspension`: someone has stopped injection. Recorded, with a warning; refused where the pod is `required` only with `strictRequired`.
 * - `satisfied`: the agent is already there. Recorded on the pod.
 * - `unverified`: the agent seems to be there already. Recorded on the pod, without a warning; refused where the pod is `required`.
 * - `problem`: an agent is asked for and cannot be injected. Recorded, with a warning; refused where the pod is `required`.
 * - `failure`: agent-injector or the cluster failed. The pod is left unchanged, with a warning; refused where the pod is `required`.
 * - `notice`: an addition to a decision that it does not change.
 */
export type ReasonKind =
  | 'choice'
  | 'exemption'
  | 'suspension'
  | 'satisfied'
  | 'unverified'
  | 'problem'
  | 'failure'
  | 'notice';

export interface ReasonRow {
  readonly kind: ReasonKind;
  readonly meaning: string;
  readonly hint: string;
}
