import { listed, oneLine } from '../lib/text.ts';
import type { ImageReason } from './image-reason.ts';

type Of<Code extends ImageReason['code']> = Extract<ImageReason, { readonly code: Code }>;

export function keptText({ variable, profile, container }: Of<'image-variable-kept'>): string {
  return `profile ${profile} adds to the value of ${oneLine(variable, 63)} that the image of container ${oneLine(container, 63)} sets`;
}

export function unknownImageText({ why, profile, container, variables }: Of<'image-unknown'>): string {
  const of = `the image of container ${oneLine(container, 63)}`;
  const variable = listed(variables, 5);
  if (why === 'unreadable')
    return `the facts about images could not be read, which needs a permission: if ${of} sets ${variable}, the server may keep the value, and this does not show it`;
  const known = why === 'outdated' ? `what is known of ${of} is too old` : `nothing is known of ${of}`;
  return `${known}: if it sets ${variable}, profile ${profile} replaces the value`;
}

/** What the C library was told by, where no setting says it. */
export function shownLibcText(shownBy: string | undefined): string {
  return shownBy === undefined ? 'guessed from the image name' : `shown by ${oneLine(shownBy, 63)} of the image`;
}
