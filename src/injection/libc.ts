import { type Container, imageOf } from '../kubernetes/pod.ts';
import { type SettingSources, resolveSetting } from '../settings/resolve.ts';
import { settingValues } from '../settings/setting-values.ts';

/** Returns the libc of a container: the `libc` setting, else a guess by the name of the image. Undefined if unknown. */
export function libcOf(sources: SettingSources, container: Container): string | undefined {
  const setting = resolveSetting(sources, 'libc', container.name)?.text;
  if (setting !== undefined && settingValues.libc.accepts(setting)) return setting;
  return /alpine|musl/i.test(imageOf(container)) ? 'musl' : undefined;
}
