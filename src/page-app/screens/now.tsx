import { useEffect, useState } from 'preact/hooks';
import type { Now } from '../../page/wire.ts';
import { type Loaded, read } from '../api/client.ts';
import { session } from '../api/store.ts';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Section } from '../parts/section.tsx';
import { ReasonTable } from '../now/reason-table.tsx';
import { CacheTable, CertificateTable } from '../now/server-tables.tsx';
import { LatencyChart, RateChart } from '../now/charts.tsx';
import { t } from '../texts/language.ts';

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
        <ReasonTable now={now} {...chart} />
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
