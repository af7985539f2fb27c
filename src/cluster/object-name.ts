/** An object of a kind that is known. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Reads `NAMESPACE/NAME`, as options have it. */
export function objectNameIn(text: string): ObjectName {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name };
}
