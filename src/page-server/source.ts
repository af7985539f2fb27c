import type { Now, Overview, PodDetail, PodList, ProfileList, Session, TrySettings } from '../page/wire.ts';

/** A pod, or a workload whose template is shown as a new pod. */
export interface Subject {
  readonly namespace: string;
  readonly name: string | undefined;
  /** `Deployment/web`. */
  readonly workload: string | undefined;
}

/** What the page shows, of everything that its server may read. Functions throw an Error whose message is for the viewer. */
export interface PageSource {
  readonly from: Session['from'];
  readonly place: string;
  readonly user: () => Promise<string | undefined>;
  readonly namespaces: () => Promise<readonly string[]>;
  readonly overview: () => Promise<Overview>;
  readonly pods: (namespace: string, workload: string) => Promise<PodList>;
  /** Undefined for what does not exist. */
  readonly pod: (subject: Subject) => Promise<PodDetail | undefined>;
  readonly profiles: () => Promise<ProfileList>;
  readonly now: () => Promise<Now | undefined>;
  readonly try: () => Promise<TrySettings>;
}
