import { comparableGuid, type Slot } from './catalogue.ts';
import { comesByReference, entryOf, refersAlike, type OwnEntry } from './environment-plan.ts';
import type { EnvVar } from './pod.ts';
import type { Presence } from './provided.ts';
import type { Reason } from './reasons.ts';

/** Whether an entry of the pod holds just what we would set. A text that comes by `valueFrom` is not known, so it does not. */
export function holds(found: EnvVar, { operation }: OwnEntry): boolean {
  if (operation.kind !== 'set') return false;
  if (!('text' in operation.value)) return refersAlike(found, operation.value.valueFrom);
  if (comesByReference(found)) return false;
  const text = found.value ?? '';
  const ours = operation.value.text;
  return operation.compare === 'guid' ? comparableGuid(text) === comparableGuid(ours) : text === ours;
}

/** Who else sits in the slot, by the container's environment: the reason not to inject, or undefined when the slot is free or ours. */
export function conflictIn(
  slot: Slot,
  environment: readonly EnvVar[],
  own: readonly OwnEntry[],
  provided: (name: string) => Presence,
): Reason | undefined {
  for (const { variable, value } of slot.off) {
    if (entryOf(environment, variable)?.value === value) return { code: 'profiling-disabled', variable, value };
  }
  for (const variable of slot.variables) {
    const found = entryOf(environment, variable);
    if (!found && provided(variable) !== 'present') continue;
    const ours = own.find((entry) => entry.name === variable);
    if (!found || !ours || !holds(found, ours)) {
      return { code: 'foreign-profiler', slot: slot.name, variable, vendor: vendorIn(slot, environment) };
    }
  }
  return undefined;
}

function vendorIn(slot: Slot, environment: readonly EnvVar[]): string | undefined {
  for (const variable of slot.identity) {
    const vendor = slot.vendors.get(comparableGuid(entryOf(environment, variable)?.value ?? ''));
    if (vendor !== undefined) return vendor;
  }
  return undefined;
}
