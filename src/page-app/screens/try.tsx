import { useEffect, useState } from 'preact/hooks';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { TrySettings } from '../../page/wire.ts';
import { useResource } from '../api/use-resource.ts';
import type { Attempt } from '../try/decide.ts';
import { ManifestField } from '../try/manifest-field.tsx';
import { NamespaceFields } from '../try/namespace-fields.tsx';
import { ResultView } from '../try/result-view.tsx';
import { SAMPLE_MANIFEST, SAMPLE_NAMESPACE } from '../try/sample.ts';
import { t } from '../texts/language.ts';

type Decide = (text: string, namespace: Namespace) => Attempt;

export function TryScreen() {
  const settings = useResource<TrySettings>('api/try');
  const { decide, failure } = useDecision(settings.state === 'ready' ? settings.value : undefined);
  const [text, setText] = useState('');
  const [namespace, setNamespace] = useState<Namespace>(SAMPLE_NAMESPACE);
  const known = settings.state === 'ready' ? settings.value.namespaces : [];
  return (
    <>
      <h1 tabIndex={-1}>{t('screen.try')}</h1>
      <p>{t('try.why')}</p>
      <div class="try">
        <div class="try-input">
          <ManifestField text={text} onText={setText} onSample={() => setText(SAMPLE_MANIFEST)} />
          <NamespaceFields known={known} namespace={namespace} onNamespace={setNamespace} />
        </div>
        <section aria-labelledby="result-title" class="try-result">
          <h2 id="result-title">{t('try.result')}</h2>
          <Result decide={decide} failure={failure} text={text} namespace={namespace} />
        </section>
      </div>
    </>
  );
}

interface ResultProps {
  readonly decide: Decide | undefined;
  readonly failure: string;
  readonly text: string;
  readonly namespace: Namespace;
}

function Result({ decide, failure, text, namespace }: ResultProps) {
  const settled = useSettled(text, namespace);
  if (failure !== '') return <p class="notice bad">{failure}</p>;
  if (!decide) return <p class="notice">{t('try.loading')}</p>;
  if (settled.text.trim() === '') return <p class="notice">{t('try.empty')}</p>;
  return <ResultView attempt={decide(settled.text, settled.namespace)} />;
}

/** The code of the decisions and what it decides with. Where the server does not tell its settings, those of an installation without any apply. */
function useDecision(settings: TrySettings | undefined) {
  const [decide, setDecide] = useState<{ readonly run: Decide }>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    let isCurrent = true;
    const load = async (): Promise<void> => {
      const core = await import('../try/decide.ts');
      const conditions = await core.conditionsFrom(settings ?? { options: {}, profiles: [] });
      if (isCurrent) setDecide({ run: (text, namespace) => core.decide(text, namespace, conditions) });
    };
    load().catch((error: unknown) => setFailure(String(error)));
    return () => {
      isCurrent = false;
    };
  }, [settings]);
  return { decide: decide?.run, failure };
}

const TYPING_MS = 120;

/** The input as it was when the last key was a moment ago. */
function useSettled(text: string, namespace: Namespace) {
  const [settled, setSettled] = useState({ text, namespace });
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ text, namespace }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, namespace]);
  return settled;
}
