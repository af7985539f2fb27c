import type { Profile } from '../../profiles/profile.ts';
import type { AgentDraft } from '../agent-draft.ts';
import type { Place } from '../model.ts';

/** Versions that leave the choice to Datadog: here, to the profile. */
const OPEN: ReadonlySet<string> = new Set(['', 'default', 'latest']);

/** A version of a library as the tag of the profile's image, and the version that a CSI driver pulls. */
export function setVersion(draft: AgentDraft, base: Profile, version: string, at: Place): void {
  const image = base.parameters.get('agent-image')?.default;
  if (OPEN.has(version) || typeof image !== 'string') return;
  draft.set('agent-image', `${image.slice(0, image.lastIndexOf(':'))}:${version}`, at);
  if (base.parameters.has('library-version')) draft.set('library-version', version, at);
}
