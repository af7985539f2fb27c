import { useState } from 'preact/hooks';
import { shown } from './server-text.tsx';
import { t } from '../texts/language.ts';

type CopyState = 'ready' | 'done' | 'failed';

const SHOWN_MS = 2000;

/** A command, as text that can be selected, and a button that copies it. */
export function Command({ text, what }: { readonly text: string; readonly what: string }) {
  const [state, setState] = useState<CopyState>('ready');
  const copy = async (): Promise<void> => {
    setState(await copied(text));
    setTimeout(() => setState('ready'), SHOWN_MS);
  };
  const label = { ready: t('copy.label'), done: t('copy.done'), failed: t('copy.failed') }[state];
  return (
    <span class="command">
      <code translate={false}>{shown(text)}</code>
      <button
        type="button"
        class="copy"
        aria-label={`${label}: ${t('copy.what', { what: shown(what) })}`}
        onClick={() => void copy()}
      >
        {label}
      </button>
      <span class="for-readers" role="status">
        {state === 'ready' ? '' : label}
      </span>
    </span>
  );
}

/** A page that is served neither by HTTPS nor from this machine has no clipboard. */
async function copied(text: string): Promise<CopyState> {
  try {
    await navigator.clipboard.writeText(text);
    return 'done';
  } catch {
    return 'failed';
  }
}
