export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  /** Settles the promise; later calls have no effect. */
  readonly resolve: (value: Value) => void;
}

/** `Promise.withResolvers` of Node 22. */
export function deferred<Value = void>(): Deferred<Value> {
  let resolve: ((value: Value) => void) | undefined;
  const promise = new Promise<Value>((done) => {
    resolve = done;
  });
  return { promise, resolve: (value) => resolve?.(value) };
}
