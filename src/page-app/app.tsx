import { useEffect, useRef } from 'preact/hooks';
import { needsToken } from './api/client.ts';
import { connection, overview, session, start } from './api/store.ts';
import { route } from './location.ts';
import { ConnectionBanner } from './parts/connection.tsx';
import { Header } from './parts/header.tsx';
import { FailureView } from './parts/loaded-view.tsx';
import { SignIn } from './parts/sign-in.tsx';
import { mainScreenOf, type Route } from './routing.ts';
import { NeedsScreen } from './screens/needs.tsx';
import { NowScreen } from './screens/now.tsx';
import { PodScreen } from './screens/pod.tsx';
import { ProfilesScreen } from './screens/profiles.tsx';
import { TryScreen } from './screens/try.tsx';
import { WorkloadsScreen } from './screens/workloads.tsx';
import { language, t } from './texts/language.ts';

export function App() {
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {t('app.skip')}
      </a>
      <Header />
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        <Content />
      </main>
    </>
  );
}

/** The address after `#` is that of the screen. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Content() {
  const { value } = session;
  if (needsToken.value) return <SignIn />;
  if (value.state === 'failed' && overview.value.state !== 'ready')
    return <FailureView failure={value.failure} retry={() => void start()} />;
  return <Screen />;
}

function Screen() {
  const at = route.value;
  const screen = nameOf(at);
  const shown = useRef(screen);
  const title = `${titleOf(at)} – agent-injector`;
  useEffect(() => {
    document.title = title;
  }, [title, language.value, connection.value]);
  useEffect(() => {
    // A new screen begins at its top, and a reader of the screen hears its heading.
    if (shown.current === screen) return;
    shown.current = screen;
    scrollTo(0, 0);
    document.querySelector<HTMLElement>('main h1')?.focus();
  }, [screen]);
  return screenFor(at);
}

/** What makes a screen another one: not the filter that is typed. */
function nameOf(at: Route): string {
  return at.screen === 'workloads' ? at.screen : JSON.stringify(at);
}

function titleOf(at: Route): string {
  if (at.screen === 'pod') return `${at.namespace}/${at.name}`;
  if (at.screen === 'workload') return `${at.namespace}/${at.workload}`;
  return t(`screen.${mainScreenOf(at)}`);
}

function screenFor(at: Route) {
  switch (at.screen) {
    case 'needs':
      return <NeedsScreen />;
    case 'workloads':
      return <WorkloadsScreen route={at} />;
    case 'workload':
    case 'pod':
      return <PodScreen key={nameOf(at)} route={at} />;
    case 'profiles':
      return <ProfilesScreen name={at.name} />;
    case 'try':
      return <TryScreen />;
    case 'now':
      return <NowScreen />;
  }
}
