import type { SettingSources } from '../settings/resolve.ts';
import type { Trace } from './trace.ts';

export interface InjectionContext extends SettingSources {
  /** Receives the steps of the decision. Absent in the server, which spends nothing on them. */
  readonly trace?: Trace | undefined;
}
