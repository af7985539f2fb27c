import { imageFactsOf } from '../../kubernetes/images/facts.ts';
import type { Container } from '../../kubernetes/pod.ts';
import { mayRunOn } from '../../kubernetes/scheduling.ts';
import type { SettingSources } from '../../settings/resolve.ts';

/** True if the pod may be scheduled on nodes of this CPU architecture, and nothing shows that the image is for others only. */
export function runsOn({ pod, cluster }: SettingSources, container: Container, arch: string): boolean {
  if (!mayRunOn(pod, 'arch', arch)) return false;
  const platforms = imageFactsOf(cluster, container)?.platforms;
  return platforms?.some((platform) => platform.split('/')[1] === arch) ?? true;
}
