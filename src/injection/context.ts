import type { SettingSources } from '../settings/resolve.ts';
import type { Trace } from './trace.ts';

/** The inputs of one decision. */
export interface InjectionContext extends SettingSources {
  /** Receives every step of the decision; absent in the server. */
  readonly trace?: Trace | undefined;
}
