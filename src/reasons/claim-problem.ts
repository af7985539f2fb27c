/**
 * `no-volume`: none is there for the claim, and none will be made. `unbound`: it should have a volume by now. `unreachable`: the pod cannot run where the
 * volume is. `one-pod`, `one-node`: only one of them can use it, and the pod may be another one. `in-use`: another pod uses a claim that only one pod can
 * use. `elsewhere`: another node has mounted a claim that only one node can mount.
 */
export type ClaimProblem =
  | { readonly kind: 'absent' }
  | { readonly kind: 'deleting' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'block' }
  | { readonly kind: 'no-volume' }
  | { readonly kind: 'unbound' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'one-pod' }
  | { readonly kind: 'one-node' }
  | { readonly kind: 'in-use'; readonly node: string }
  | { readonly kind: 'elsewhere'; readonly node: string };
