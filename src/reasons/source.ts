export type Source =
  | {
      readonly from: 'container' | 'pod' | 'namespace' | 'cluster';
      readonly key: string;
      readonly label?: true;
    }
  | { readonly from: 'target' | 'cluster-target'; readonly key: string }
  | { readonly from: 'profile' };

export interface Setting {
  readonly text: string;
  readonly source: Source;
}
