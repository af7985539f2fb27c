import type { Namespace } from '../kubernetes/namespace.ts';
import { annotationsOf, labelsOf, type Pod } from '../kubernetes/pod.ts';
import { isCarried, type KeyPlace, rowFor } from './key-row.ts';
import { products } from './products.ts';

/** A label or an annotation of another product. */
export interface ForeignKey {
  readonly key: string;
  readonly from: 'pod' | 'namespace';
  readonly product: string;
  /** What `import` makes of it, or why nothing. */
  readonly meaning: string;
}

/** The keys of other products on a pod and its namespace, with what they mean here. */
export function foreignKeys(pod: Pod, { labels, annotations }: Namespace): readonly ForeignKey[] {
  return [
    ...keysAt('pod label', labelsOf(pod)),
    ...keysAt('pod annotation', annotationsOf(pod)),
    ...keysAt('namespace label', labels),
    ...keysAt('namespace annotation', annotations),
  ];
}

function keysAt(place: KeyPlace, values: Readonly<Record<string, string>>): readonly ForeignKey[] {
  const from = place.startsWith('pod') ? 'pod' : 'namespace';
  return Object.keys(values).flatMap((key) =>
    products.flatMap(({ product, rows }): readonly ForeignKey[] => {
      const row = rowFor(rows, place, key)?.row;
      if (!row) return [];
      const text = isCarried(row) ? row.becomes : `cannot be carried over: ${row.why}`;
      return [{ key, from, product, meaning: text.replaceAll('`', '') }];
    }),
  );
}
