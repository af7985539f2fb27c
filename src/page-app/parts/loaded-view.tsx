import type { ComponentChildren } from 'preact';
import type { Failure, Loaded } from '../api/client.ts';
import { t } from '../texts/language.ts';
import type { TextKey } from '../texts/texts.ts';
import { ServerText } from './server-text.tsx';

interface Props<Value> {
  readonly loaded: Loaded<Value>;
  readonly retry: () => void;
  readonly children: (value: Value) => ComponentChildren;
}

/** What was read, or why it is not there. */
export function LoadedView<Value>({ loaded, retry, children }: Props<Value>) {
  if (loaded.state === 'ready') return <>{children(loaded.value)}</>;
  if (loaded.state === 'loading') {
    return (
      <p class="notice" role="status">
        {t('state.loading')}
      </p>
    );
  }
  return <FailureView failure={loaded.failure} retry={retry} />;
}

const titles = {
  token: 'state.unauthorized',
  unauthorized: 'state.unauthorized',
  refused: 'state.refused',
  missing: 'state.missing',
  away: 'state.away',
  failed: 'state.failed',
} as const satisfies { readonly [kind in Failure['kind']]: TextKey };

export function FailureView({ failure, retry }: { readonly failure: Failure; readonly retry: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{t(titles[failure.kind])}</strong>
      </p>
      {failure.message !== '' && (
        <p>
          <ServerText text={failure.message} />
        </p>
      )}
      <button type="button" onClick={retry}>
        {t('state.retry')}
      </button>
    </div>
  );
}
