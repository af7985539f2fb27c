export function referencesIn(value: string): readonly string[] {
  return scan(value).names;
}

/** True for a value with `$(` but without its `)`. */
export function hasUnclosedReference(value: string): boolean {
  return scan(value).isOpen;
}

// Scans a value as the kubelet does (k8s.io/kubernetes third_party/forked/golang/expansion/expand.go): `$$` is a dollar, `$(` extends to the next
// `)`. A single pass: a value can have a megabyte, and a regular expression would read to its end for each `$(`.
function scan(value: string): { readonly names: readonly string[]; readonly isOpen: boolean } {
  const names: string[] = [];
  let at = value.indexOf('$');
  while (at >= 0) {
    let next = at + 2;
    if (value[at + 1] === '(') {
      const close = value.indexOf(')', next);
      if (close < 0) return { names, isOpen: true };
      names.push(value.slice(next, close));
      next = close + 1;
    }
    at = value.indexOf('$', next);
  }
  return { names, isOpen: false };
}
