import type { IncomingMessage } from 'node:http';
import type { PageErrorCode } from '../page/wire.ts';
import type { Sight } from '../page/visible.ts';

/** Someone who may look. */
export interface Viewer {
  /** As the API server names the user; undefined if it is asked later. */
  readonly user: string | undefined;
  readonly sight: () => Promise<Sight>;
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 421 | 503;
  readonly code: PageErrorCode;
  readonly message: string;
}

export type Admitted =
  | { readonly kind: 'viewer'; readonly viewer: Viewer }
  /** The address was a ticket: the cookie takes its place. */
  | { readonly kind: 'signed-in'; readonly cookie: string; readonly location: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Who may look, and at what. */
export interface Access {
  /** True if the files of the application need no viewer: they say nothing about the cluster. */
  readonly areFilesOpen: boolean;
  readonly admit: (request: IncomingMessage, url: URL) => Promise<Admitted>;
}

export function refused(status: Refusal['status'], code: PageErrorCode, message: string): Admitted {
  return { kind: 'refused', refusal: { status, code, message } };
}
