import type { Delivery } from '../../profiles/delivery.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { SettingSources } from '../../settings/resolve.ts';

export type Values = ReadonlyMap<string, string>;

export interface DeliveryCandidate {
  readonly delivery: Delivery;
  readonly sources: SettingSources;
  readonly profile: Profile;
  readonly values: Values;
}
