import type { Result } from '../../lib/result.ts';
import { requiredTemplates } from '../../profiles/delivery.ts';
import { parametersOf } from '../../profiles/template.ts';
import type { Reason } from '../../reasons/reason.ts';
import type { ChosenDelivery } from '../delivery/choose.ts';
import { type FileRequest, isMounted } from './mounts.ts';

/**
 * True if the agent's files are in the container: they are mounted by a delivery of the profile (by the one that a setting names, if any), or a
 * setting or the profile says that they are in the image. A variable proves nothing.
 */
export function hasFiles(request: Omit<FileRequest, 'delivery'>, chosen: Result<ChosenDelivery, Reason>): boolean {
  if (chosen.ok && chosen.value.delivery.kind === 'preinstalled') return true;
  const named = chosen.ok && chosen.value.source !== undefined ? [chosen.value.delivery] : undefined;
  const { values } = request.conditions;
  return (named ?? request.profile.deliveries).some((delivery) => {
    if (delivery.kind === 'preinstalled') return false;
    const isComplete = requiredTemplates(delivery).every(([, template]) =>
      parametersOf(template).every((name) => values.has(name)),
    );
    return isComplete && isMounted({ ...request, delivery }, delivery);
  });
}
