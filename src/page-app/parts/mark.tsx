import type { ComponentChildren } from 'preact';
import type { Tone } from '../table/tone.ts';

const signs: { readonly [tone in Tone]: string } = { bad: '✕', warn: '!', good: '✓', quiet: '·' };

/** A word with a sign and a colour: each says the same. */
export function Mark({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`mark ${tone}`}>
      <span aria-hidden="true" class="sign">
        {signs[tone]}
      </span>
      {children}
    </span>
  );
}
