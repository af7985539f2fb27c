import { overview, session } from '../api/store.ts';
import { route } from '../location.ts';
import { addressOf, MAIN_SCREENS, mainScreenOf, parseRoute } from '../routing.ts';
import { chooseLanguage, language, languageNames, numberText, t } from '../texts/language.ts';
import { LANGUAGES } from '../texts/texts.ts';
import { shown } from './server-text.tsx';
import { ConnectionState } from './connection.tsx';
import { chooseTheme, theme, THEMES } from './theme.ts';

export function Header() {
  return (
    <header>
      <div class="title">
        <span class="product" translate={false}>
          agent-injector
        </span>
        <Place />
        <ConnectionState />
        <Choices />
      </div>
      <nav aria-label={t('app.screens')}>
        <ul>
          {MAIN_SCREENS.map((screen) => (
            <li key={screen}>
              <a
                href={addressOf(parseRoute(screen))}
                {...(mainScreenOf(route.value) === screen && { 'aria-current': 'page' })}
              >
                {t(`screen.${screen}`)}
                {screen === 'needs' && <NeedCount />}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

function NeedCount() {
  const loaded = overview.value;
  if (loaded.state !== 'ready' || loaded.value.needs.length === 0) return null;
  return <span class="badge">{numberText(loaded.value.needs.length)}</span>;
}

function Place() {
  const loaded = session.value;
  if (loaded.state !== 'ready') return <span class="place" />;
  const { place, user, version } = loaded.value;
  const signedIn = user === undefined ? '' : t('app.user', { user });
  return (
    <span class="place" title={shown([place, signedIn, version].filter(Boolean).join('\n'))}>
      <bdi>{shown(place)}</bdi>
      {user !== undefined && (
        <span class="quiet-text">
          {' · '}
          <bdi>{shown(user)}</bdi>
        </span>
      )}
      <span class="quiet-text version">{` · ${version}`}</span>
    </span>
  );
}

function Choices() {
  return (
    <span class="choices">
      <select
        aria-label={t('app.theme')}
        value={theme.value}
        onChange={({ currentTarget }) => chooseTheme(currentTarget.value)}
      >
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {t(`app.theme.${one}`)}
          </option>
        ))}
      </select>
      <select
        aria-label={t('app.language')}
        value={language.value}
        onChange={({ currentTarget }) => chooseLanguage(currentTarget.value)}
      >
        {LANGUAGES.map((one) => (
          <option key={one} value={one} lang={one}>
            {languageNames[one]}
          </option>
        ))}
      </select>
    </span>
  );
}
