import { useMemo, useState } from 'preact/hooks';
import type { ProfileList, ProfileRow } from '../../page/wire.ts';
import { useResource } from '../api/use-resource.ts';
import { FilterBox } from '../parts/filter-box.tsx';
import { FailureView, LoadedView } from '../parts/loaded-view.tsx';
import { ServerText, shown } from '../parts/server-text.tsx';
import { addressOf } from '../routing.ts';
import { numberText, t } from '../texts/language.ts';
import { ProfileView } from './profile-view.tsx';

export function ProfilesScreen({ name }: { readonly name: string | undefined }) {
  const { retry, ...loaded } = useResource<ProfileList>('api/profiles');
  return (
    <>
      {name !== undefined && (
        <p class="crumbs">
          <a href={addressOf({ screen: 'profiles', name: undefined })}>{t('profiles.all')}</a>
        </p>
      )}
      <h1 tabIndex={-1}>{name === undefined ? t('screen.profiles') : shown(name)}</h1>
      <LoadedView loaded={loaded} retry={retry}>
        {({ profiles }) =>
          name === undefined ? <Profiles profiles={profiles} /> : <Profile profiles={profiles} name={name} />
        }
      </LoadedView>
    </>
  );
}

function Profile({ profiles, name }: ProfileList & { readonly name: string }) {
  const profile = profiles.find((one) => one.name === name);
  if (profile) return <ProfileView profile={profile} />;
  const back = addressOf({ screen: 'profiles', name: undefined });
  return (
    <FailureView
      failure={{ kind: 'missing', message: '' }}
      retry={() => {
        location.hash = back;
      }}
    />
  );
}

function Profiles({ profiles }: ProfileList) {
  const [filter, setFilter] = useState('');
  const found = useMemo(() => profiles.filter((one) => isFound(one, filter)), [profiles, filter]);
  if (profiles.length === 0) return <p class="notice">{t('profiles.none')}</p>;
  return (
    <>
      <FilterBox filter={filter} onFilter={setFilter} shown={found.length} all={profiles.length} />
      <ProfileTable profiles={found} />
    </>
  );
}

function isFound({ name, vendor, description, source }: ProfileRow, filter: string): boolean {
  const text = [name, vendor, description, source].join('\n').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function ProfileTable({ profiles }: ProfileList) {
  return (
    <table class="profiles">
      <caption class="for-readers">{t('screen.profiles')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.name')}</th>
          <th scope="col">{t('column.description')}</th>
          <th scope="col">{t('column.vendor')}</th>
          <th scope="col">{t('column.source')}</th>
          <th scope="col">{t('profiles.deliveries')}</th>
          <th scope="col" class="number">
            {t('column.used')}
          </th>
        </tr>
      </thead>
      <tbody>
        {profiles.map((one) => (
          <tr key={one.name}>
            <th scope="row">
              <a href={addressOf({ screen: 'profiles', name: one.name })}>
                <bdi class="name">{shown(one.name)}</bdi>
              </a>{' '}
              <code class="quiet-text">{shown(one.hash)}</code>
            </th>
            <td>
              <ServerText text={one.description} />
            </td>
            <td>{shown(one.vendor)}</td>
            <td>{shown(one.source)}</td>
            <td>{shown(one.deliveries.join(', '))}</td>
            <td class="number">{one.usedBy.length === 0 ? '' : numberText(one.usedBy.length)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
