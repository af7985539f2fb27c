import { hasUnclosedReference, referencesIn } from '../../kubernetes/env-expansion.ts';
import type { EnvVar } from '../../kubernetes/pod.ts';
import type { Result } from '../../lib/result.ts';
import { isOptional, isReference, isAlreadyApplied, type ResolvedEntry } from './entry.ts';
import type { EnvFromLookup } from './env-from.ts';
import type { ImageLookup } from '../image/value.ts';
import { withAdded, type ListOperation, type ResolvedValue } from './merge.ts';

/** One change to a container's `env`. The index counts in the list that the previous steps have made. */
export interface EnvironmentStep {
  readonly kind: 'insert' | 'replace';
  readonly index: number;
  readonly entry: EnvVar;
}

/**
 * A variable that cannot be referred to: it is unknown whether `envFrom` has it (`unseen`), whether the kubelet will define it (`optional`), or it would
 * have to be at another place in the list (`order`).
 */
export interface UnprovenVariable {
  readonly variable: string;
  readonly why: 'unseen' | 'optional' | 'order';
}

/**
 * Plans the steps that give every entry its effect. Existing variables keep their places and their order: text is added to a value in place,
 * a variable by reference is renamed and then referred to, and a variable that an entry refers to is inserted before it. Nothing is written
 * that refers to a variable which is not proven to exist. Requires entries in the order of their references.
 */
export function planEnvironment(
  environment: readonly EnvVar[],
  entries: readonly ResolvedEntry[],
  envFrom: EnvFromLookup,
  imageValue: ImageLookup = () => undefined,
): Result<readonly EnvironmentStep[], UnprovenVariable> {
  const draft = new EnvironmentDraft(environment, entries, envFrom, imageValue);
  for (const entry of entries) {
    const unproven = draft.write(entry);
    if (unproven) return { ok: false, error: unproven };
  }
  return { ok: true, value: draft.steps };
}

export function applySteps(variables: EnvVar[], steps: readonly EnvironmentStep[]): void {
  for (const { kind, index, entry } of steps) variables.splice(index, kind === 'insert' ? 0 : 1, entry);
}

class EnvironmentDraft {
  readonly steps: EnvironmentStep[] = [];
  readonly #variables: EnvVar[];
  readonly #entries: readonly ResolvedEntry[];
  readonly #envFrom: EnvFromLookup;
  readonly #imageValue: ImageLookup;

  constructor(
    environment: readonly EnvVar[],
    entries: readonly ResolvedEntry[],
    envFrom: EnvFromLookup,
    imageValue: ImageLookup,
  ) {
    this.#variables = [...environment];
    this.#entries = entries;
    this.#envFrom = envFrom;
    this.#imageValue = imageValue;
  }

  write(entry: ResolvedEntry): UnprovenVariable | undefined {
    const { name, operation } = entry;
    if (isAlreadyApplied(this.#variables, entry)) return undefined;
    const index = this.#lastIndexOf(name);
    switch (operation.kind) {
      case 'set':
        return this.#envFrom(name) === 'present' && entry.group === undefined
          ? undefined
          : this.#add(name, operation.value);
      case 'force':
        return index < 0
          ? this.#add(name, operation.value)
          : this.#put('replace', index, variableOf(name, operation.value));
      case 'append':
      case 'prepend':
      case 'merge':
        return this.#extend(name, operation, index);
    }
  }

  #extend(name: string, operation: ListOperation, index: number): UnprovenVariable | undefined {
    const added = 'text' in operation.value ? operation.value.text : '';
    const variable = this.#variables[index];
    if (!variable) {
      const presence = this.#envFrom(name);
      if (presence === 'unknown') return { variable: name, why: 'unseen' };
      const before = presence === 'present' ? `$(${name})` : this.#imageValue(name);
      return this.#add(name, {
        text: before === undefined ? withAbsent(added, operation) : withAdded(before, added, operation),
      });
    }
    const value = variable.value ?? '';
    if (!isReference(variable) && !closesReference(value, added, operation)) {
      return this.#put('replace', index, { ...variable, value: withAdded(value, added, operation) });
    }
    if (isOptional(variable)) return { variable: name, why: 'optional' };
    const original = this.#freeName(`${name}_ORIGINAL`);
    this.#put('replace', index, { ...variable, name: original });
    return this.#put('insert', index + 1, { name, value: withAdded(`$(${original})`, added, operation) });
  }

  /** Inserts a new variable before the first of our variables that refers to it, else at the end. */
  #add(name: string, value: ResolvedValue): UnprovenVariable | undefined {
    const places = [...this.#referrers(name)].map((referrer) => this.#lastIndexOf(referrer));
    const index = Math.min(this.#variables.length, ...places.filter((place) => place >= 0));
    // A `$(NAME)` in an existing variable behind the place would change its meaning, even if it is plain text so far.
    const isCaptured = this.#variables.slice(index).some((variable) => refersTo(variable.value, name));
    return isCaptured ? { variable: name, why: 'order' } : this.#put('insert', index, variableOf(name, value));
  }

  #referrers(name: string, found = new Set<string>()): ReadonlySet<string> {
    for (const entry of this.#entries) {
      if (entry.name === name || found.has(entry.name) || !entryRefersTo(entry, name)) continue;
      if (isAlreadyApplied(this.#variables, entry)) continue;
      found.add(entry.name);
      this.#referrers(entry.name, found);
    }
    return found;
  }

  /** Applies a step. A replacement of the variable of the last step is folded into that step. */
  #put(kind: EnvironmentStep['kind'], index: number, entry: EnvVar): UnprovenVariable | undefined {
    this.#variables.splice(index, kind === 'insert' ? 0 : 1, entry);
    const last = this.steps.at(-1);
    const isSame = kind === 'replace' && last?.index === index;
    if (isSame) this.steps.pop();
    this.steps.push({ kind: isSame ? last.kind : kind, index, entry });
    return this.#unprovenIn(entry.name, index);
  }

  #unprovenIn(name: string, index: number): UnprovenVariable | undefined {
    const texts = this.#entries.flatMap((entry) =>
      entry.name === name && 'text' in entry.operation.value ? [entry.operation.value.text] : [],
    );
    for (const used of new Set(texts.flatMap(referencesIn))) {
      const last = this.#lastIndexOf(used);
      // Of a duplicate name the kubelet would expand the first value, while the app sees the last.
      if (last > index) return { variable: used, why: 'order' };
      const variable = this.#variables[last];
      if (variable && isOptional(variable)) return { variable: used, why: 'optional' };
      const presence = variable ? 'present' : this.#envFrom(used);
      if (presence !== 'present') return { variable: used, why: presence === 'unknown' ? 'unseen' : 'order' };
    }
    return undefined;
  }

  #lastIndexOf(name: string): number {
    return this.#variables.findLastIndex((variable) => variable.name === name);
  }

  /** A name that is neither in use nor referred to: a `$(NAME)` in an existing value must keep its meaning, also if it is plain text. */
  #freeName(preferred: string): string {
    const used = new Set([...this.#entries, ...this.#variables].map(({ name }) => name));
    for (const { value } of this.#variables) for (const name of referencesIn(value ?? '')) used.add(name);
    let name = preferred;
    for (let count = 2; used.has(name) || this.#envFrom(name) === 'present'; count++) name = `${preferred}_${count}`;
    return name;
  }
}

// The kubelet reads everything between `$(` and the next `)` as a name, so a plain search errs on the safe side.
function refersTo(value: string | null | undefined, name: string): boolean {
  return (value ?? '').includes(`$(${name})`);
}

function entryRefersTo({ operation: { value } }: ResolvedEntry, name: string): boolean {
  return 'text' in value && referencesIn(value.text).includes(name);
}

/**
 * True if the value has an open `$(` that the added text would close: the kubelet would read everything in between as one name. The value of
 * a variable that is referred to is not expanded again, so there it stays plain text.
 */
function closesReference(value: string, added: string, { kind }: ListOperation): boolean {
  return kind === 'append' && added.includes(')') && hasUnclosedReference(value);
}

/** The value of a variable that is not set: what the program takes then, and the added part. */
function withAbsent(added: string, operation: ListOperation): string {
  if (operation.kind === 'merge' || operation.absent === undefined) return added;
  const parts = operation.kind === 'append' ? [operation.absent, added] : [added, operation.absent];
  return parts.join(operation.separator);
}

function variableOf(name: string, value: ResolvedValue): EnvVar {
  return 'text' in value ? { name, value: value.text } : { name, valueFrom: value.valueFrom };
}
