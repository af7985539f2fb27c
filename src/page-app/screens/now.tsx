import { useEffect, useState } from 'preact/hooks';
import type { Now } from '../../page/wire.ts';
import { type Loaded, read } from '../api/client.ts';
import { session } from '../api/store.ts';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Section } from '../parts/section.tsx';
import { ratesBetween } from '../now/rates.ts';
import { CacheTable, CertificateTable } from '../now/server-tables.tsx';
import { LatencyChart, RateChart } from '../now/charts.tsx';
import { numberText, t, termFor } from '../texts/language.ts';

const EVERY_MS = 5000;

/** Ten minutes. */
const KEPT = 121;

export function NowScreen() {
  const isAbsent = session.value.state === 'ready' && !session.value.value.hasMetrics;
  return (
    <>
      <h1 tabIndex={-1}>{t('screen.now')}</h1>
      {isAbsent ? <p class="notice">{t('now.none')}</p> : <Readings />}
    </>
  );
}

function Readings() {
  const [readings, setReadings] = useState<readonly Now[]>([]);
  const [last, setLast] = useState<Loaded<Now>>({ state: 'loading' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    const once = async (): Promise<void> => {
      const loaded = await read<Now>('api/now', end.signal);
      setLast((before) => (loaded.state === 'failed' && before.state === 'ready' ? before : loaded));
      if (loaded.state === 'ready') setReadings((before) => [...before, loaded.value].slice(-KEPT));
    };
    const again = (): void => {
      // Aborted: the screen is left.
      once().catch(() => undefined);
    };
    again();
    const timer = setInterval(again, EVERY_MS);
    return () => {
      clearInterval(timer);
      end.abort();
    };
  }, [attempt]);
  return (
    <LoadedView loaded={last} retry={() => setAttempt(attempt + 1)}>
      {(now) => <Figures now={now} readings={readings} />}
    </LoadedView>
  );
}

function Figures({ now, readings }: { readonly now: Now; readonly readings: readonly Now[] }) {
  const chart = { readings, places: KEPT, minutes: ((KEPT - 1) * EVERY_MS) / 60_000 };
  return (
    <>
      <div class="charts">
        <RateChart {...chart} />
        <LatencyChart {...chart} />
      </div>
      <Section id="reasons" title={t('now.reasons')}>
        <ReasonTable readings={readings} now={now} />
      </Section>
      <Section id="certificates" title={t('now.certificates')}>
        <CertificateTable now={now} />
      </Section>
      <Section id="caches" title={t('now.caches')}>
        <CacheTable now={now} />
      </Section>
    </>
  );
}

/** Ratings over a minute are calmer than those over one interval. */
const AVERAGED = 13;

function ReasonTable({ now, readings }: { readonly now: Now; readonly readings: readonly Now[] }) {
  const earlier = readings.at(-AVERAGED) ?? readings[0];
  const rates = earlier && earlier !== now ? ratesBetween(earlier, now) : [];
  const rows = now.decisions.toSorted((one, other) => other.count - one.count);
  return (
    <table>
      <caption class="for-readers">{t('now.reasons')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.outcome')}</th>
          <th scope="col">{t('column.reason')}</th>
          <th scope="col" class="number">
            {t('column.rate')}
          </th>
          <th scope="col" class="number">
            {t('now.total')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ outcome, reason, count }) => {
          const rate = rates.find((one) => one.outcome === outcome && one.reason === reason);
          return (
            <tr key={`${outcome}/${reason}`}>
              <td>{termFor('outcome', outcome)}</td>
              <td>
                <code translate={false}>{reason}</code>
              </td>
              <td class="number">{rate ? numberText(rate.perSecond, 2) : '–'}</td>
              <td class="number">{numberText(count)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
