import { useState } from 'preact/hooks';
import type { AffectedWorkload, Need, NeedKind } from '../../page/wire.ts';
import { Command } from '../parts/copy-button.tsx';
import { Mark } from '../parts/mark.tsx';
import { DocsLink } from '../parts/outcome.tsx';
import { ServerText, shown } from '../parts/server-text.tsx';
import { addressOf } from '../routing.ts';
import type { Tone } from '../table/tone.ts';
import { numberText, t } from '../texts/language.ts';

const tones: { readonly [kind in NeedKind]: Tone } = {
  server: 'bad',
  breaker: 'bad',
  refused: 'bad',
  failing: 'bad',
  missing: 'warn',
  outdated: 'warn',
  leftover: 'quiet',
  mistake: 'warn',
};

/** The first group is open: its fix is one click away. */
export function NeedGroup({ need, isFirst }: { readonly need: Need; readonly isFirst: boolean }) {
  const [isOpen, setOpen] = useState(isFirst);
  const panel = `need-${need.id.replaceAll(/[^\w-]/g, '_')}`;
  return (
    <li class={`need ${tones[need.kind]}`}>
      <h2>
        <button type="button" aria-expanded={isOpen} aria-controls={panel} onClick={() => setOpen(!isOpen)}>
          <span class="kind">
            <Mark tone={tones[need.kind]}>{t(`need.${need.kind}`)}</Mark>
          </span>
          <span class="meaning">
            <ServerText text={need.meaning} /> <code class="quiet-text">{shown(need.code)}</code>
          </span>
          <span class="number">
            <span aria-hidden="true">{numberText(need.affected.length)}</span>
            <span class="for-readers">{t('needs.workloads', { count: need.affected.length })}</span>
          </span>
        </button>
      </h2>
      <div id={panel} class="panel" hidden={!isOpen}>
        {isOpen && <AffectedTable need={need} />}
      </div>
    </li>
  );
}

const FIRST_SHOWN = 5;

const MORE = 100;

function AffectedTable({ need }: { readonly need: Need }) {
  const [limit, setLimit] = useState(FIRST_SHOWN);
  const rest = need.affected.length - limit;
  return (
    <>
      <table class="affected">
        <caption class="for-readers">{shown(need.meaning)}</caption>
        <thead>
          <tr>
            <th scope="col">{t('column.workload')}</th>
            <th scope="col" class="number">
              {t('column.pods')}
            </th>
            <th scope="col">{t('needs.what')}</th>
            <th scope="col">{t('needs.fix')}</th>
          </tr>
        </thead>
        <tbody>
          {need.affected.slice(0, limit).map((one) => (
            <AffectedRow key={`${one.namespace}/${one.workload}/${one.message}`} affected={one} />
          ))}
        </tbody>
      </table>
      <p class="more">
        {rest > 0 && (
          <button type="button" onClick={() => setLimit(limit + MORE)}>
            {t('needs.more', { count: numberText(Math.min(rest, MORE)) })}
          </button>
        )}
        <DocsLink address={need.docs} />
      </p>
    </>
  );
}

function AffectedRow({ affected }: { readonly affected: AffectedWorkload }) {
  const { namespace, workload, pods, message, fix, hint } = affected;
  return (
    <tr>
      <th scope="row">
        <Subject affected={affected} />
      </th>
      <td class="number">{pods === 0 ? '' : numberText(pods)}</td>
      <td>
        <ServerText text={message} />
      </td>
      <td>
        {fix !== undefined && <Command text={fix} what={`${namespace} ${workload ?? ''}`.trim()} />}
        {hint !== undefined && (
          <p class="hint">
            <ServerText text={hint} />
          </p>
        )}
      </td>
    </tr>
  );
}

function Subject({ affected: { namespace, workload } }: { readonly affected: AffectedWorkload }) {
  if (namespace === '') return <>{t('need.server')}</>;
  const address =
    workload === undefined
      ? addressOf({ screen: 'workloads', filter: namespace, sort: '' })
      : addressOf({ screen: 'workload', namespace, workload });
  return (
    <a href={address}>
      <bdi class="quiet-text">{shown(namespace)}</bdi>{' '}
      <bdi class="name">{workload === undefined ? t('needs.wholeNamespace') : shown(workload)}</bdi>
    </a>
  );
}
