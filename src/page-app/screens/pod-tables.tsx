import type { PodEvent, PodList, PodRow } from '../../page/wire.ts';
import { useResource } from '../api/use-resource.ts';
import { LoadedView } from '../parts/loaded-view.tsx';
import { Mark } from '../parts/mark.tsx';
import { ServerText, shown } from '../parts/server-text.tsx';
import { addressOf } from '../routing.ts';
import { AGENT_STATES } from '../../api/agent-state.ts';
import { toneOf } from '../table/tone.ts';
import { numberText, t, termFor, timeText } from '../texts/language.ts';

interface Props {
  readonly namespace: string;
  readonly workload: string;
}

export function PodTable({ namespace, workload }: Props) {
  const { retry, ...loaded } = useResource<PodList>(`api/pods?${new URLSearchParams({ namespace, workload })}`);
  return (
    <LoadedView loaded={loaded} retry={retry}>
      {({ pods }) => (pods.length === 0 ? <p>{t('pod.noPods')}</p> : <Pods pods={pods} namespace={namespace} />)}
    </LoadedView>
  );
}

function Pods({ pods, namespace }: { readonly pods: readonly PodRow[]; readonly namespace: string }) {
  return (
    <table>
      <caption class="for-readers">{t('pod.pods')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.pod')}</th>
          <th scope="col">{t('column.phase')}</th>
          <th scope="col">{t('column.state')}</th>
          <th scope="col">{t('column.profile')}</th>
          <th scope="col">{t('column.why')}</th>
          <th scope="col">{t('column.created')}</th>
          <th scope="col">{t('column.node')}</th>
        </tr>
      </thead>
      <tbody>
        {pods.map((pod) => (
          <tr key={pod.name}>
            <th scope="row">
              <a href={addressOf({ screen: 'pod', namespace, name: pod.name })}>
                <bdi class="name">{shown(pod.name)}</bdi>
              </a>
            </th>
            <td>{shown(pod.phase)}</td>
            <td>
              <PodStateMark state={pod.state} />
            </td>
            <td>{shown(pod.injected.join(', '))}</td>
            <td>{shown(pod.reason)}</td>
            <td class="time">{timeText(pod.created)}</td>
            <td>
              <bdi>{shown(pod.node)}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function PodStateMark({ state }: Pick<PodRow, 'state'>) {
  if (state === undefined) return <Mark tone="quiet">{t('agent.none')}</Mark>;
  const known = AGENT_STATES.find((one) => one === state);
  return <Mark tone={known ? toneOf(known) : 'quiet'}>{termFor('agent', state)}</Mark>;
}

export function EventTable({ events }: { readonly events: readonly PodEvent[] }) {
  if (events.length === 0) return <p>{t('pod.noEvents')}</p>;
  return (
    <table>
      <caption class="for-readers">{t('pod.events')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.time')}</th>
          <th scope="col">{t('column.reason')}</th>
          <th scope="col">{t('column.message')}</th>
          <th scope="col" class="number">
            {t('column.count')}
          </th>
          <th scope="col">{t('column.source')}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={`${event.at}/${event.reason}/${event.message}`}>
            <td class="time">{timeText(event.at)}</td>
            <td>
              <Mark tone={event.type === 'Warning' ? 'warn' : 'quiet'}>{shown(event.reason)}</Mark>
            </td>
            <td>
              <ServerText text={event.message} />
            </td>
            <td class="number">{numberText(event.count)}</td>
            <td>{shown(event.from)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
