import { imageFactsOf } from '../kubernetes/images/facts.ts';
import { type Container, imageNameOf } from '../kubernetes/pod.ts';
import { type SettingSources, resolveSetting } from '../settings/resolve.ts';
import { settingValues } from '../settings/setting-values.ts';

const MUSL_IMAGE = /(?:^|[^a-z])(?:alpine|musl)(?:[^a-z]|$)/;

export function isMuslImage(container: Container): boolean {
  return MUSL_IMAGE.test(imageNameOf(container).toLowerCase());
}

/** Returns the libc of a container: the `libc` setting, else what the image shows, else a guess by the words of its name and tag. Undefined if unknown. */
export function libcOf(sources: SettingSources, container: Container): string | undefined {
  const setting = resolveSetting(sources, 'libc', container.name)?.text;
  if (setting !== undefined && settingValues.libc.accepts(setting)) return setting;
  return imageFactsOf(sources.cluster, container)?.libc?.is ?? (isMuslImage(container) ? 'musl' : undefined);
}
