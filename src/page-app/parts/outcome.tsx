import type { Explanation, ReasonText } from '../../diagnostics/explanation.ts';
import type { Tone } from '../table/tone.ts';
import { t, termFor } from '../texts/language.ts';
import { Mark } from './mark.tsx';
import { ServerText, shown } from './server-text.tsx';

const kindTones: { readonly [kind in ReasonText['kind']]: Tone } = {
  choice: 'quiet',
  exemption: 'quiet',
  suspension: 'warn',
  satisfied: 'good',
  unverified: 'warn',
  problem: 'bad',
  failure: 'bad',
  notice: 'quiet',
};

/** How a decision went. */
export function Outcome({ outcome, reason }: Pick<Explanation, 'outcome' | 'reason'>) {
  const tone = outcome === 'injected' ? 'good' : outcome === 'refused' ? 'bad' : kindTones[reason?.kind ?? 'choice'];
  return <Mark tone={tone}>{termFor('outcome', outcome)}</Mark>;
}

/** A reason with what to do about it, in the words of the server. */
export function ReasonLine({ reason }: { readonly reason: ReasonText }) {
  return (
    <div class="reason">
      <p>
        <ServerText text={reason.message} /> <code class="quiet-text">{shown(reason.code)}</code>{' '}
        <span class="quiet-text">({termFor('kind', reason.kind)})</span>
      </p>
      <p class="hint">
        <ServerText text={reason.hint} /> <DocsLink address={reason.docs} />
      </p>
    </div>
  );
}

/** Only what leads to a page is a link; of a file of the documentation, its name. */
export function DocsLink({ address }: { readonly address: string }) {
  if (!address.startsWith('https://')) return <code class="quiet-text">{address}</code>;
  return (
    <a href={address} target="_blank" rel="noreferrer noopener">
      {t('needs.docs')}
    </a>
  );
}
