import type { PodDetail } from '../../page/wire.ts';
import { useResource } from '../api/use-resource.ts';
import { DiffView } from '../diff/diff-view.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Section } from '../parts/section.tsx';
import { ServerText, shown } from '../parts/server-text.tsx';
import { addressOf, type Route } from '../routing.ts';
import { t } from '../texts/language.ts';
import { AsideView, DecisionView, PathView, SettingsView } from './explanation-view.tsx';
import { EventTable, PodTable } from './pod-tables.tsx';
import { WorkloadSummary } from './workload-summary.tsx';

type PodRoute = Extract<Route, { readonly screen: 'pod' | 'workload' }>;

/** One pod, or a workload: its pods, and what a new one gets. */
export function PodScreen({ route }: { readonly route: PodRoute }) {
  const asked = new URLSearchParams({ namespace: route.namespace });
  if (route.screen === 'pod') asked.set('name', route.name);
  else asked.set('workload', route.workload);
  const { retry, ...loaded } = useResource<PodDetail>(`api/pod?${asked}`);
  const name = route.screen === 'pod' ? route.name : route.workload;
  return (
    <>
      <p class="crumbs">
        <a href={addressOf({ screen: 'workloads', filter: '', sort: '' })}>{t('screen.workloads')}</a>
        {' / '}
        <a href={addressOf({ screen: 'workloads', filter: route.namespace, sort: '' })}>
          <bdi>{shown(route.namespace)}</bdi>
        </a>
        {loaded.state === 'ready' && route.screen === 'pod' && <OwnerLink pod={loaded.value} />}
      </p>
      <h1 tabIndex={-1}>
        <span class="quiet-text">{route.screen === 'pod' ? t('screen.pod') : t('screen.workload')}</span>{' '}
        <bdi>{shown(name)}</bdi>
      </h1>
      {route.screen === 'workload' && <WorkloadSummary namespace={route.namespace} workload={route.workload} />}
      {route.screen === 'workload' && (
        <Section id="pods" title={t('pod.pods')}>
          <PodTable namespace={route.namespace} workload={route.workload} />
        </Section>
      )}
      <LoadedView loaded={loaded} retry={retry}>
        {(pod) => <Detail pod={pod} isNew={route.screen === 'workload'} />}
      </LoadedView>
    </>
  );
}

function OwnerLink({ pod: { namespace, workload } }: { readonly pod: PodDetail }) {
  if (workload === undefined || workload.startsWith('Pod/')) return null;
  return (
    <>
      {' / '}
      <a href={addressOf({ screen: 'workload', namespace, workload })}>
        <bdi>{shown(workload)}</bdi>
      </a>
    </>
  );
}

function Detail({ pod, isNew }: { readonly pod: PodDetail; readonly isNew: boolean }) {
  const { explanation, verdict } = pod;
  const titles = { before: t('pod.before'), after: t('pod.after') };
  const decision = isNew ? t('pod.newPod', { workload: shown(pod.workload ?? pod.name) }) : t('pod.decision');
  return (
    <>
      {verdict && (
        <Section id="verdict" title={t('pod.verdict')}>
          <p>
            <code>{verdict.code}</code> <ServerText text={verdict.message} />
          </p>
        </Section>
      )}
      <Section id="decision" title={decision}>
        <DecisionView explanation={explanation} />
      </Section>
      <Section id="diff" title={t('pod.diff')}>
        <DiffView before={pod.before} after={pod.after} titles={titles} />
      </Section>
      <Section id="path" title={t('pod.path')}>
        <PathView path={explanation.path} />
      </Section>
      <Section id="settings" title={t('pod.settings')}>
        <SettingsView settings={explanation.settings} />
        <AsideView explanation={explanation} />
      </Section>
      {!isNew && (
        <Section id="record" title={t('pod.record')}>
          {pod.record === undefined || pod.record === null ? (
            <p>{t('pod.noRecord')}</p>
          ) : (
            <pre tabIndex={0}>{shown(JSON.stringify(pod.record, null, 2))}</pre>
          )}
        </Section>
      )}
      <Section id="events" title={t('pod.events')}>
        <EventTable events={pod.events} />
      </Section>
    </>
  );
}
