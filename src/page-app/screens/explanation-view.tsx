import type { Explanation } from '../../diagnostics/explanation.ts';
import { Mark } from '../parts/mark.tsx';
import { Outcome, ReasonLine } from '../parts/outcome.tsx';
import { ServerText, shown } from '../parts/server-text.tsx';
import { t, termFor } from '../texts/language.ts';

/** The result: of the pod, of each container, and what else is to be said. */
export function DecisionView({ explanation }: { readonly explanation: Explanation }) {
  const { outcome, reason, containers, notices } = explanation;
  return (
    <>
      <p class="result">
        <Outcome outcome={outcome} reason={reason} />
      </p>
      {reason && <ReasonLine reason={reason} />}
      {containers.length > 0 && (
        <table>
          <caption class="for-readers">{t('column.container')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('column.container')}</th>
              <th scope="col">{t('column.outcome')}</th>
              <th scope="col">{t('column.profile')}</th>
              <th scope="col">{t('column.delivery')}</th>
              <th scope="col">{t('column.reason')}</th>
            </tr>
          </thead>
          <tbody>
            {containers.map((one) => (
              <tr key={`${one.container}/${one.profile ?? ''}`}>
                <th scope="row">
                  <bdi>{shown(one.container)}</bdi>
                </th>
                <td>
                  <Outcome outcome={one.outcome} reason={one.reason} />
                </td>
                <td>{shown(one.profile)}</td>
                <td>{shown(one.delivery)}</td>
                <td>{one.reason && <ServerText text={one.reason.message} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {notices.length > 0 && <h3>{t('pod.notices')}</h3>}
      {notices.map((notice) => (
        <ReasonLine key={notice.message} reason={notice} />
      ))}
    </>
  );
}

/** The rules in the order in which they were evaluated. */
export function PathView({ path }: Pick<Explanation, 'path'>) {
  return (
    <table class="path">
      <caption class="for-readers">{t('pod.path')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.stage')}</th>
          <th scope="col">{t('column.rule')}</th>
          <th scope="col">{t('column.container')}</th>
          <th scope="col">{t('column.outcome')}</th>
        </tr>
      </thead>
      <tbody>
        {path.map(({ stage, rule, condition, container, profile, reason }) => (
          <tr key={`${stage}/${rule}/${container ?? ''}/${profile ?? ''}/${condition}`}>
            <td>{termFor('stage', stage)}</td>
            <td>
              <ServerText text={condition} />
            </td>
            <td>
              <bdi>{shown([container, profile].filter(Boolean).join(' · '))}</bdi>
            </td>
            <td>
              <Mark tone={reason ? 'warn' : 'good'}>{reason ? t('rule.fails') : t('rule.holds')}</Mark>
              {reason && (
                <>
                  {' '}
                  <ServerText text={reason.message} />
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Each setting with all that set it, what applies first. */
export function SettingsView({ settings }: Pick<Explanation, 'settings'>) {
  return (
    <table class="settings">
      <caption class="for-readers">{t('pod.settings')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.setting')}</th>
          <th scope="col">{t('column.value')}</th>
          <th scope="col">{t('column.source')}</th>
          <th scope="col">{t('column.outcome')}</th>
        </tr>
      </thead>
      {settings
        .filter(({ values }) => values.length > 0)
        .map(({ setting, container, profile, values }) => (
          <tbody key={`${setting}/${container ?? ''}/${profile ?? ''}`}>
            {values.map((value, index) => (
              <tr key={`${value.from}/${index}`} class={value.state}>
                {index === 0 && (
                  <th
                    scope="rowgroup"
                    rowSpan={values.length}
                    title={shown([profile, container].filter(Boolean).join(' '))}
                  >
                    <bdi>{shown(setting)}</bdi>
                  </th>
                )}
                <td>
                  <code translate={false}>{shown(value.text)}</code>
                </td>
                <td>
                  {termFor('from', value.from)} {'key' in value && <code class="quiet-text">{shown(value.key)}</code>}
                </td>
                <td>
                  <Mark tone={value.state === 'wins' ? 'good' : 'quiet'}>{termFor('chain', value.state)}</Mark>
                </td>
              </tr>
            ))}
          </tbody>
        ))}
    </table>
  );
}

/** The targets that select the pod, and what it says to other injectors. */
export function AsideView({ explanation: { targets, foreign } }: { readonly explanation: Explanation }) {
  return (
    <>
      {targets.length > 0 && <h3>{t('pod.targets')}</h3>}
      <ul>
        {targets.map(({ target, profile, lostTo }) => (
          <li key={target}>
            <bdi>{shown(target)}</bdi> <span class="quiet-text">{shown(profile)}</span>{' '}
            {lostTo !== undefined && t('pod.lostTo', { target: shown(lostTo) })}
          </li>
        ))}
      </ul>
      {foreign.length > 0 && <h3>{t('pod.foreign')}</h3>}
      <ul>
        {foreign.map(({ key, product, meaning }) => (
          <li key={key}>
            <code>{shown(key)}</code> <span class="quiet-text">{shown(product)}</span> <ServerText text={meaning} />
          </li>
        ))}
      </ul>
    </>
  );
}
