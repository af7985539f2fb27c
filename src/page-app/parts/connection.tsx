import { connection, overview } from '../api/store.ts';
import { clockText, t } from '../texts/language.ts';
import { Mark } from './mark.tsx';

/** A word in the header: whether what is shown is what is. */
export function ConnectionState() {
  const now = connection.value;
  if (now.state === 'connecting') return <Mark tone="quiet">{t('connection.connecting')}</Mark>;
  if (now.state === 'still') return <Mark tone="warn">{t('connection.still')}</Mark>;
  if (now.state === 'live') return <Mark tone="good">{t('connection.live')}</Mark>;
  return <Mark tone="bad">{t('connection.away', { time: clockText(now.since) })}</Mark>;
}

/** A line across the page while the server is away and something from before is in view. It is there from the start, so that it is read out. */
export function ConnectionBanner() {
  const now = connection.value;
  const isOld = now.state === 'away' && overview.value.state === 'ready';
  return (
    <div class="banner" role="status">
      {isOld && <p>{t('connection.shown', { time: clockText(now.since) })}</p>}
    </div>
  );
}
