/** What was measured, round by round: `ROW/CASE/SERVER/FIGURE` to one value per round. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** Where a value belongs. */
export interface SampleKey {
  readonly row: string;
  /** What was varied: connections, the size of the pod… */
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

/** Takes values as they are measured. */
export class SampleBook {
  readonly #values: Record<string, number[]> = {};

  add(key: SampleKey, value: number): void {
    // Five digits are more than any of it is exact to.
    (this.#values[keyOf(key)] ??= []).push(Number(value.toPrecision(5)));
  }

  get samples(): Samples {
    return this.#values;
  }
}
