import type { Namespace } from '../../kubernetes/namespace.ts';
import sample from './sample.yaml';

interface Sample {
  readonly namespace: Namespace;
  readonly manifest: string;
}

// The file beside this one, which a test decides on.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const { namespace: SAMPLE_NAMESPACE, manifest: SAMPLE_MANIFEST } = sample as Sample;
