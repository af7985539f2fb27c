import { comparableGuid, type Slot } from './catalogue.ts';
import type { EnvVar } from './pod.ts';
import type { EnvironmentEntry } from './profile.ts';
import type { Reason } from './reasons.ts';

/** The value that a container gives a variable: the last entry of a name wins, as in the kubelet. Undefined where none is written. */
export function entryOf(environment: readonly EnvVar[], name: string): EnvVar | undefined {
  return environment.findLast((entry) => entry.name === name);
}

/** Whether an entry of the pod holds the value that we would write. A value that comes by `valueFrom` is not known, so it does not. */
export function holds(found: EnvVar, compare: EnvironmentEntry['compare'], value: string): boolean {
  if (found['valueFrom'] !== undefined && found['valueFrom'] !== null) return false;
  const text = found.value ?? '';
  return compare === 'guid' ? comparableGuid(text) === comparableGuid(value) : text === value;
}

/** An entry that a profile sets, with its value made. */
export interface OwnEntry {
  readonly name: string;
  readonly value: string;
  readonly group: string | undefined;
  readonly compare: EnvironmentEntry['compare'];
}

/** Who else sits in the slot, by the container's environment: the reason not to inject, or undefined when the slot is free or ours. */
export function conflictIn(slot: Slot, environment: readonly EnvVar[], own: readonly OwnEntry[]): Reason | undefined {
  for (const { variable, value } of slot.off) {
    if (entryOf(environment, variable)?.value === value) return { code: 'profiling-disabled', variable, value };
  }
  for (const variable of slot.variables) {
    const found = entryOf(environment, variable);
    if (!found) continue;
    const ours = own.find((entry) => entry.name === variable);
    if (!ours || !holds(found, ours.compare, ours.value)) {
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
