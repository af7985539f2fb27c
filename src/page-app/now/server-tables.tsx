import type { Now } from '../../page/wire.ts';
import { Mark } from '../parts/mark.tsx';
import type { Tone } from '../table/tone.ts';
import { shown } from '../parts/server-text.tsx';
import { numberText, t, timeText } from '../texts/language.ts';

const DAY_MS = 86_400_000;

export function CertificateTable({ now }: { readonly now: Now }) {
  return (
    <table>
      <caption class="for-readers">{t('now.certificates')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.name')}</th>
          <th scope="col">{t('column.expires')}</th>
        </tr>
      </thead>
      <tbody>
        {now.certificates.map(({ name, expires }) => (
          <tr key={name}>
            <th scope="row">{shown(name)}</th>
            <td>
              <Expiry expires={expires} at={now.at} /> <span class="quiet-text">{timeText(expires)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Expiry({ expires, at }: { readonly expires: string; readonly at: string }) {
  const left = Date.parse(expires) - Date.parse(at);
  if (Number.isNaN(left)) return null;
  if (left <= 0) return <Mark tone="bad">{t('now.expired')}</Mark>;
  return (
    <Mark tone={left < DAY_MS ? 'warn' : 'good'}>{t('now.days', { days: numberText(Math.floor(left / DAY_MS)) })}</Mark>
  );
}

const SOUND = new Set(['synced', 'fresh', 'ok', 'ready', 'live']);

export function CacheTable({ now }: { readonly now: Now }) {
  return (
    <>
      <p>
        {t('now.replicas')}: <strong class="number">{numberText(now.replicas)}</strong>
      </p>
      <table>
        <caption class="for-readers">{t('now.caches')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('column.name')}</th>
            <th scope="col" class="number">
              {t('column.entries')}
            </th>
            <th scope="col">{t('column.state')}</th>
          </tr>
        </thead>
        <tbody>
          {now.caches.map(({ name, entries, state }) => {
            const tone: Tone = SOUND.has(state) ? 'good' : 'warn';
            return (
              <tr key={name}>
                <th scope="row">{shown(name)}</th>
                <td class="number">{numberText(entries)}</td>
                <td>{state !== '' && <Mark tone={tone}>{shown(state)}</Mark>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}
