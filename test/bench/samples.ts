/** One value per round for each `ROW/CASE/SERVER/FIGURE`. */
export type Samples = Readonly<Record<string, readonly number[]>>;

export interface SampleKey {
  readonly row: string;
  /** The varied parameter, such as the number of connections or the size of the pod. */
  readonly variant: string;
  readonly server: string;
  readonly figure: string;
}

export function keyOf({ row, variant, server, figure }: SampleKey): string {
  return [row, variant, server, figure].join('/');
}

export function readKey(key: string): SampleKey {
  const [row = '', variant = '', server = '', figure = ''] = key.split('/');
  return { row, variant, server, figure };
}

/** Collects samples. */
export class SampleBook {
  readonly #values: Record<string, number[]> = {};

  add(key: SampleKey, value: number): void {
    // No measurement is more precise than five digits.
    (this.#values[keyOf(key)] ??= []).push(Number(value.toPrecision(5)));
  }

  get samples(): Samples {
    return this.#values;
  }
}
