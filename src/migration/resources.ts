import { isObject, type Json, objectIn } from '../lib/json.ts';
import type { AgentDraft } from './agent-draft.ts';
import { scalarText } from './json-text.ts';

/** The defaults of a delivery, for what a product leaves open: both resources must be there. */
const DEFAULTS = { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '200m', memory: '128Mi' } } as const;

/** `resources` of a container as those of an init container of ours. */
export function addResources({ delivery }: AgentDraft, resources: Json): void {
  if (!isObject(resources)) return;
  for (const field of ['requests', 'limits'] as const) {
    const { cpu, memory } = objectIn(resources, field);
    if (cpu !== undefined || memory !== undefined)
      delivery.set(field, {
        cpu: scalarText(cpu ?? DEFAULTS[field].cpu),
        memory: scalarText(memory ?? DEFAULTS[field].memory),
      });
  }
}
