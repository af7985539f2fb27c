import { once } from 'node:events';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { KubeObject } from '../support/client.ts';
import { freePort } from '../support/free-port.ts';

/** The fields of a review that tests read. */
export interface AdmissionReview {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: {
    readonly uid: string;
    readonly namespace?: string;
    readonly operation: string;
    readonly dryRun?: boolean;
    readonly object: KubeObject;
    readonly [field: string]: unknown;
  };
}

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

/** Returns the patch of a review; an empty list or undefined for none. */
export type Patcher = (review: AdmissionReview) => readonly PatchOperation[] | undefined;

/** A webhook that records its reviews and allows everything. */
export interface Recorder {
  readonly url: string;
  readonly ca: string;
  /** All reviews in order, or those of one namespace. */
  readonly reviews: (namespace?: string) => readonly AdmissionReview[];
  readonly clear: () => void;
  readonly stop: () => Promise<void>;
}

export interface RecorderOptions {
  readonly port?: number;
  readonly patch?: Patcher;
}

export async function startRecorder({ port, patch }: RecorderOptions = {}): Promise<Recorder> {
  const listenOn = port ?? (await freePort());
  const { cert, key, ca } = await issueServerCertificate(['127.0.0.1'], new Date());
  let reviews: AdmissionReview[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    const record = async (): Promise<void> => {
      const review: AdmissionReview = JSON.parse(await text(request));
      reviews.push(review);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer(review, patch?.(review))));
    };
    // On any error the connection closes, and the API server counts a failed call.
    record().catch(() => response.destroy());
  });
  server.listen(listenOn, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${listenOn}/mutate`,
    ca,
    reviews: (namespace) =>
      namespace === undefined ? [...reviews] : reviews.filter((review) => review.request.namespace === namespace),
    clear: () => {
      reviews = [];
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Appends a container, unless it exists. */
export function addsContainer(container: { readonly name: string; readonly image: string }): Patcher {
  return ({ request }) => {
    const spec = request.object['spec'] as { readonly containers: readonly { readonly name: string }[] };
    return spec.containers.some(({ name }) => name === container.name)
      ? undefined
      : [{ op: 'add', path: '/spec/containers/-', value: container }];
  };
}

function answer({ apiVersion, kind, request }: AdmissionReview, patch: readonly PatchOperation[] = []): object {
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  const change = patch.length > 0 && { patchType: 'JSONPatch', patch: encoded };
  return { apiVersion, kind, response: { uid: request.uid, allowed: true, ...change } };
}
