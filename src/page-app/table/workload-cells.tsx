import type { Breaker } from '../../api/breaker.ts';
import type { WorkloadRow } from '../../page/wire.ts';
import { Mark } from '../parts/mark.tsx';
import { shown } from '../parts/server-text.tsx';
import { addressOf } from '../routing.ts';
import { numberText, t } from '../texts/language.ts';
import { AGENT_STATES } from '../../api/agent-state.ts';
import { type Tone, toneOf } from './tone.ts';

export function WorkloadCells({ row }: { readonly row: WorkloadRow }) {
  const { namespace, workload } = row;
  const [kind = '', ...parts] = workload.split('/');
  const name = parts.join('/');
  return (
    <>
      <td class="column-namespace">
        <bdi title={shown(namespace)}>{shown(namespace)}</bdi>
      </td>
      <th scope="row" class="column-workload">
        <a href={addressOf({ screen: 'workload', namespace, workload })} title={shown(`${namespace} ${workload}`)}>
          <bdi class="name">{shown(name)}</bdi> <span class="quiet-text">{shown(kind)}</span>
        </a>
      </th>
      <td class="column-profile">
        {row.profiles.map((one) => (
          <Version key={one} text={one} />
        ))}
      </td>
      <td class="column-agents number">
        {numberText(row.injected)}
        <span class="quiet-text"> / {numberText(row.asked)}</span>
      </td>
      <td class="column-state">
        <States row={row} />
      </td>
      <td class="column-outdated number">{row.outdated === 0 ? '' : numberText(row.outdated)}</td>
      <td class="column-why">
        <WhyNot row={row} />
      </td>
    </>
  );
}

/** `acme-java@2b8964eb` */
function Version({ text }: { readonly text: string }) {
  const at = text.lastIndexOf('@');
  return (
    <bdi class="version" title={shown(text)}>
      {shown(text.slice(0, at))} <code class="quiet-text">{shown(text.slice(at + 1))}</code>
    </bdi>
  );
}

const phaseTones: { readonly [phase in Breaker['phase']]: Tone } = {
  suspected: 'warn',
  open: 'bad',
  'half-open': 'warn',
  cleared: 'quiet',
};

/** The breakers, the states and the gaps of a workload. */
export function States({ row }: { readonly row: WorkloadRow }) {
  const states = AGENT_STATES.flatMap((state) => {
    const count = row.states[state] ?? 0;
    return count > 0 ? [{ state, count }] : [];
  });
  return (
    <>
      {row.breakers?.map(({ phase, shown: about, profiles }) => (
        <Mark key={[phase, about, ...Object.keys(profiles)].join()} tone={phaseTones[phase]}>
          {t(`breaker.${phase}`)}
        </Mark>
      ))}
      {states.map(({ state, count }) => (
        <Mark key={state} tone={toneOf(state)}>
          {t(`agent.${state}`)}
          {states.length > 1 && ` ${numberText(count)}`}
        </Mark>
      ))}
      {row.missing > 0 && <Mark tone="warn">{t('workloads.missing', { count: numberText(row.missing) })}</Mark>}
      {row.leftover > 0 && <Mark tone="quiet">{t('workloads.leftover', { count: numberText(row.leftover) })}</Mark>}
      {row.stopped > 0 && <Mark tone="warn">{t('workloads.stopped', { count: numberText(row.stopped) })}</Mark>}
    </>
  );
}

function WhyNot({ row }: { readonly row: WorkloadRow }) {
  const text = row.whyNot.map(({ code, pods }) => (row.whyNot.length > 1 ? `${code} ${pods}` : code)).join(', ');
  return (
    <bdi lang="en" title={shown(text)}>
      {shown(text)}
    </bdi>
  );
}
