/** Generated files in deploy/, by path. */
export function crdFiles(definitions: ReadonlyMap<string, object>): ReadonlyMap<string, string>;
