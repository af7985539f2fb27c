import { hasOpening, variablesIn } from '../../kubernetes/env-expansion.ts';
import type { EnvVar } from '../../kubernetes/pod.ts';
import { comesByReference, isWritten, type OwnEntry } from './entry.ts';
import type { EnvFromPresence } from './env-from.ts';
import { type Addition, combined, type Value } from './merge.ts';

/** One change to a container's list of variables, at a place in the list as the steps before have left it. */
export interface EnvironmentStep {
  readonly kind: 'insert' | 'replace';
  readonly index: number;
  readonly entry: EnvVar;
}

export type EnvironmentPlan =
  | { readonly ok: true; readonly steps: readonly EnvironmentStep[] }
  | ({ readonly ok: false } & Unproven);

/**
 * A variable that cannot be referred to: nobody sees whether the kubelet will have it when the container starts, or it would have to stand
 * at another place of the list.
 */
export interface Unproven {
  readonly variable: string;
  readonly why: 'unseen' | 'order';
}

/**
 * What to write so that every entry has its effect. The author's entries keep their places and their order: a value is added to where it
 * stands, one that comes by reference is renamed and referred to, and what an entry refers to is put before it. Entries must come ordered
 * (`inOrder`). Nothing is written that would refer to a variable which is not proven to be there.
 */
export function planEnvironment(
  environment: readonly EnvVar[],
  own: readonly OwnEntry[],
  provided: (name: string) => EnvFromPresence,
): EnvironmentPlan {
  const draft = new EnvironmentDraft(environment, own, provided);
  for (const entry of own) {
    const unproven = draft.write(entry);
    if (unproven) return { ok: false, ...unproven };
  }
  return { ok: true, steps: draft.steps };
}

class EnvironmentDraft {
  readonly steps: EnvironmentStep[] = [];
  private readonly list: EnvVar[];
  private readonly own: readonly OwnEntry[];
  private readonly envFrom: (name: string) => EnvFromPresence;

  constructor(environment: readonly EnvVar[], own: readonly OwnEntry[], provided: (name: string) => EnvFromPresence) {
    this.list = [...environment];
    this.own = own;
    this.envFrom = provided;
  }

  /** Carries out one entry; gives the name of the variable that is not proven, if there is one. */
  write(entry: OwnEntry): Unproven | undefined {
    const { name, operation } = entry;
    if (isWritten(this.list, entry)) return undefined;
    const found = this.lastIndexOf(name);
    switch (operation.kind) {
      case 'set':
        return this.envFrom(name) === 'present' && entry.group === undefined
          ? undefined
          : this.add(entry, operation.value);
      case 'force':
        return found < 0
          ? this.add(entry, operation.value)
          : this.put('replace', found, variable(name, operation.value));
      case 'append':
      case 'prepend':
      case 'merge':
        return this.extend(entry, operation, found);
    }
  }

  /** Adds to a variable: to its value, to what its reference or its `envFrom` source gives, or to nothing. */
  private extend(entry: OwnEntry, operation: Addition, found: number): Unproven | undefined {
    const { name } = entry;
    const ours = 'text' in operation.value ? operation.value.text : '';
    const present = this.list[found];
    if (!present) {
      const presence = this.envFrom(name);
      if (presence === 'unknown') return { variable: name, why: 'unseen' };
      return this.add(entry, { text: presence === 'present' ? combined(`$(${name})`, ours, operation) : ours });
    }
    if (!comesByReference(present) && !leavesOpen(present.value ?? '', ours, operation)) {
      return this.put('replace', found, { ...present, value: combined(present.value ?? '', ours, operation) });
    }
    if (isOptional(present)) return { variable: name, why: 'unseen' };
    const original = this.freeName(`${name}_ORIGINAL`);
    this.put('replace', found, { ...present, name: original });
    return this.put('insert', found + 1, { name, value: combined(`$(${original})`, ours, operation) });
  }

  /** Writes a variable that is not there: before the first of ours that refers to it and has a place already, else at the end. */
  private add({ name }: OwnEntry, value: Value): Unproven | undefined {
    const at = [...this.users(name)].map((user) => this.lastIndexOf(user)).filter((index) => index >= 0);
    const index = Math.min(this.list.length, ...at);
    // What an entry of the author says by `$(NAME)` is the author's, even where it is just text: nothing of ours comes before it.
    const isCaught = this.list.slice(index).some((one) => refersTo(one.value, name));
    return isCaught ? { variable: name, why: 'order' } : this.put('insert', index, variable(name, value));
  }

  /** The names of our entries that refer to the variable, directly or by others. */
  private users(name: string, found = new Set<string>()): ReadonlySet<string> {
    for (const one of this.own) {
      if (one.name === name || found.has(one.name) || !textRefersTo(one, name) || isWritten(this.list, one)) continue;
      found.add(one.name);
      this.users(one.name, found);
    }
    return found;
  }

  /** One more word for the variable that was written last changes that step: several words are one operation. */
  private put(kind: EnvironmentStep['kind'], index: number, entry: EnvVar): Unproven | undefined {
    this.list.splice(index, kind === 'insert' ? 0 : 1, entry);
    const last = this.steps.at(-1);
    const isSame = kind === 'replace' && last?.index === index;
    if (isSame) this.steps.pop();
    this.steps.push({ kind: isSame ? last.kind : kind, index, entry });
    return this.unproven(entry, index);
  }

  /** A variable that our part of the entry refers to and that is not certain to stand before it. */
  private unproven({ name }: EnvVar, index: number): Unproven | undefined {
    const texts = this.own.flatMap((one) =>
      one.name === name && 'text' in one.operation.value ? [one.operation.value.text] : [],
    );
    for (const used of new Set(texts.flatMap(variablesIn))) {
      const last = this.lastIndexOf(used);
      // Of a name that stands twice the kubelet would take the first, which is not what the app sees.
      if (last > index) return { variable: used, why: 'order' };
      const before = this.list[last];
      if (before && isOptional(before)) return { variable: used, why: 'unseen' };
      const presence = before ? 'present' : this.envFrom(used);
      if (presence !== 'present') return { variable: used, why: presence === 'unknown' ? 'unseen' : 'order' };
    }
    return undefined;
  }

  private lastIndexOf(name: string): number {
    return this.list.findLastIndex((entry) => entry.name === name);
  }

  /** A name that nobody has and nobody speaks of: what the author's `$(NAME)` is, known or mere text, stays. */
  private freeName(wanted: string): string {
    const taken = new Set([...this.own, ...this.list].map((one) => one.name));
    for (const { value } of this.list) for (const used of variablesIn(value ?? '')) taken.add(used);
    let name = wanted;
    for (let count = 2; taken.has(name) || this.envFrom(name) === 'present'; count++) name = `${wanted}_${count}`;
    return name;
  }
}

/** The kubelet takes whatever stands between `$(` and the next `)` for a name, so a mere look at the text errs on the safe side. */
function refersTo(value: string | null | undefined, name: string): boolean {
  return (value ?? '').includes(`$(${name})`);
}

function textRefersTo({ operation: { value } }: OwnEntry, name: string): boolean {
  return 'text' in value && variablesIn(value.text).includes(name);
}

/**
 * Whether the author's value ends within a `$(` that ours would close: the kubelet would take all up to there for one name. Behind a name of
 * its own, it stays the text that it is.
 */
function leavesOpen(value: string, ours: string, { kind }: Addition): boolean {
  return kind !== 'prepend' && ours.includes(')') && hasOpening(value);
}

/** Whether the kubelet may leave the variable out: its Secret or ConfigMap need not be there. */
function isOptional(entry: EnvVar): boolean {
  const from = entry['valueFrom'];
  return comesByReference(entry) && JSON.stringify(from).includes('"optional":true');
}

function variable(name: string, value: Value): EnvVar {
  return 'text' in value ? { name, value: value.text } : { name, valueFrom: value.valueFrom };
}
