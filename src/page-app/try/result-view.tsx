import { DiffView } from '../diff/diff-view.tsx';
import { ServerText, shown } from '../parts/server-text.tsx';
import { DecisionView, PathView, SettingsView } from '../screens/explanation-view.tsx';
import { t } from '../texts/language.ts';
import type { Attempt, Tried } from './decide.ts';

export function ResultView({ attempt }: { readonly attempt: Attempt }) {
  if (attempt.kind === 'syntax') {
    return (
      <ul class="notice bad" role="status">
        {attempt.problems.map(({ line, column, message }) => (
          <li key={`${line}:${column}`}>{t('try.syntax', { line, column, message })}</li>
        ))}
      </ul>
    );
  }
  const { pods, problems } = attempt;
  return (
    <>
      {problems.map((problem) => (
        <p key={problem} class="notice bad">
          <ServerText text={problem} />
        </p>
      ))}
      {pods.length === 0 && <p class="notice">{t('try.noPods')}</p>}
      {pods.map((pod, index) => (
        <PodResult key={`${index}/${pod.subject}`} pod={pod} />
      ))}
    </>
  );
}

function PodResult({ pod: { subject, explanation, before, after } }: { readonly pod: Tried }) {
  return (
    <article class="tried">
      <h3>
        <bdi>{shown(subject)}</bdi>
      </h3>
      <DecisionView explanation={explanation} />
      <DiffView before={before} after={after} titles={{ before: t('pod.before'), after: t('pod.after') }} />
      <details>
        <summary>{t('pod.path')}</summary>
        <PathView path={explanation.path} />
      </details>
      <details>
        <summary>{t('pod.settings')}</summary>
        <SettingsView settings={explanation.settings} />
      </details>
    </article>
  );
}
