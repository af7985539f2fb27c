import type { JsonObject } from '../lib/json.ts';
import type { Profile } from '../profiles/profile.ts';
import { reasonTable } from '../reasons/reason-table.ts';
import { quoted, quotedList } from './cel.ts';

/** The reasons of which the webhook warns. */
const REPORTED = Object.entries(reasonTable)
  .filter(([, { kind }]) => kind === 'problem' || kind === 'failure' || kind === 'suspension')
  .map(([code]) => code);

/** What says why a pod did not get the agent: a warning to who creates it, and an annotation in the audit log. */
export function validation({ name }: Profile): JsonObject {
  const isReported = `variables.why.startsWith("beyond-policy") || variables.why in ${quotedList(REPORTED)}`;
  const containers =
    'object.spec.containers.transformList(i, c, variables.pod == "" && variables.reasons[i] != "" && variables.reasons[i] != "-", c.name + "=" + variables.reasons[i]).join(", ")';
  return {
    validations: [
      {
        expression: `!(${isReported})`,
        messageExpression: `${quoted(`agent-injector: not injected: profile ${name}: `)} + variables.why + (variables.pod == "" ? " (" + ${containers} + ")" : "")`,
      },
    ],
    auditAnnotations: [
      {
        key: 'decision',
        valueExpression: 'variables.why == "" ? "" : variables.why == "-" ? "" : "skipped: " + variables.why',
      },
    ],
  };
}
