import type { Overview } from '../../page/wire.ts';
import { overview, refresh } from '../api/store.ts';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Mark } from '../parts/mark.tsx';
import { ServerText } from '../parts/server-text.tsx';
import { numberText, t } from '../texts/language.ts';
import { NeedGroup } from './need-group.tsx';

export function NeedsScreen() {
  return (
    <>
      <h1 tabIndex={-1}>{t('screen.needs')}</h1>
      <LoadedView loaded={overview.value} retry={() => void refresh()}>
        {(value) => <Needs overview={value} />}
      </LoadedView>
    </>
  );
}

function Needs({ overview: { needs, workloads, notes } }: { readonly overview: Overview }) {
  const count = needs.reduce((sum, { affected }) => sum + affected.length, 0);
  return (
    <>
      {needs.length === 0 ? (
        <div class="notice good">
          <p>
            <Mark tone="good">{t('needs.none')}</Mark>
          </p>
          <p>{workloads.length === 0 ? t('needs.none.empty') : t('needs.none.why')}</p>
        </div>
      ) : (
        <p class="summary" role="status">
          {t('needs.summary', { groups: numberText(needs.length), workloads: numberText(count) })}
        </p>
      )}
      <ol class="needs">
        {needs.map((need, index) => (
          <NeedGroup key={need.id} need={need} isFirst={index === 0} />
        ))}
      </ol>
      {notes.length > 0 && (
        <section aria-labelledby="notes">
          <h2 id="notes">{t('needs.notes')}</h2>
          <ul>
            {notes.map((note) => (
              <li key={note}>
                <ServerText text={note} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
