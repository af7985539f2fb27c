import type { ProfileRow } from '../../page/wire.ts';
import { Section } from '../parts/section.tsx';
import { ServerText, shown } from '../parts/server-text.tsx';
import { addressOf } from '../routing.ts';
import { numberText, t } from '../texts/language.ts';

export function ProfileView({ profile }: { readonly profile: ProfileRow }) {
  return (
    <>
      <p>
        <ServerText text={profile.description} />
      </p>
      <dl class="facts">
        <dt>{t('column.vendor')}</dt>
        <dd>{shown(profile.vendor)}</dd>
        <dt>{t('column.source')}</dt>
        <dd>
          {shown(profile.source)} <code class="quiet-text">{shown(profile.hash)}</code>
        </dd>
        <dt>{t('profiles.deliveries')}</dt>
        <dd>{shown(profile.deliveries.join(', '))}</dd>
      </dl>
      <Section id="used" title={t('profiles.used')}>
        <UsedBy profile={profile} />
      </Section>
      <Section id="parameters" title={t('profiles.parameters')}>
        <Parameters profile={profile} />
      </Section>
      <Section id="yaml" title={t('profiles.yaml')}>
        <pre tabIndex={0} translate={false}>
          {shown(profile.yaml)}
        </pre>
      </Section>
    </>
  );
}

const SHOWN = 50;

function UsedBy({ profile: { name, usedBy } }: { readonly profile: ProfileRow }) {
  if (usedBy.length === 0) return <p>{t('profiles.unused')}</p>;
  return (
    <ul class="used">
      {usedBy.slice(0, SHOWN).map(({ namespace, workload, pods }) => (
        <li key={`${namespace}/${workload}`}>
          <a href={addressOf({ screen: 'workload', namespace, workload })}>
            <bdi class="quiet-text">{shown(namespace)}</bdi> <bdi class="name">{shown(workload)}</bdi>
          </a>{' '}
          <span class="quiet-text">{t('profiles.pods', { count: numberText(pods) })}</span>
        </li>
      ))}
      {usedBy.length > SHOWN && (
        <li>
          <a href={addressOf({ screen: 'workloads', filter: name, sort: '' })}>
            {t('needs.more', { count: numberText(usedBy.length - SHOWN) })}
          </a>
        </li>
      )}
    </ul>
  );
}

function Parameters({ profile: { parameters } }: { readonly profile: ProfileRow }) {
  if (parameters.length === 0) return <p>{t('profiles.noParameters')}</p>;
  return (
    <table>
      <caption class="for-readers">{t('profiles.parameters')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.name')}</th>
          <th scope="col">{t('column.type')}</th>
          <th scope="col">{t('column.required')}</th>
          <th scope="col">{t('column.default')}</th>
          <th scope="col">{t('column.description')}</th>
        </tr>
      </thead>
      <tbody>
        {parameters.map((one) => (
          <tr key={one.name}>
            <th scope="row">
              <code translate={false}>{shown(one.key)}</code>
            </th>
            <td>{one.type}</td>
            <td>{one.required ? t('yes') : t('no')}</td>
            <td>{one.default !== undefined && <code translate={false}>{shown(one.default)}</code>}</td>
            <td>
              <ServerText text={one.description} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
