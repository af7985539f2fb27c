import type { OptionRow } from './breaker-options.ts';
import * as kinds from './value-kinds.ts';

/** The options of facts about images. */
export interface ImageOptions {
  readonly imageFacts?: string;
  readonly imageFactsMaxAge: string;
}

export const imageDefaults = { imageFactsMaxAge: '30d' } as const;

export const imageRows: { readonly [name in keyof ImageOptions]-?: OptionRow<NonNullable<ImageOptions[name]>> } = {
  imageFacts: {
    ...kinds.SECRET,
    description:
      'ConfigMap with facts about images, as `agent-injector image -o facts` writes them. It is watched, and need not exist. Who may write it changes what is injected into pods.',
  },
  imageFactsMaxAge: {
    ...kinds.LIFETIME,
    description: 'How long facts count that were read by the tag of an image. Those by a digest always count.',
  },
};
