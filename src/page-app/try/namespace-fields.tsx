import { useState } from 'preact/hooks';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { t } from '../texts/language.ts';
import { keyLines, readKeyLines } from './key-lines.ts';
import { shown } from '../parts/server-text.tsx';
import { SAMPLE_NAMESPACE } from './sample.ts';

interface Props {
  readonly known: readonly Namespace[];
  readonly namespace: Namespace;
  readonly onNamespace: (namespace: Namespace) => void;
}

/** The namespace that the pod would be created in: one of the cluster, whose settings can be changed here, or another. */
export function NamespaceFields({ known, namespace, onNamespace }: Props) {
  const [labels, setLabels] = useState(keyLines(namespace.labels));
  const [annotations, setAnnotations] = useState(keyLines(namespace.annotations));
  const choose = (name: string): void => {
    const chosen = known.find((one) => one.name === name) ?? SAMPLE_NAMESPACE;
    setLabels(keyLines(chosen.labels));
    setAnnotations(keyLines(chosen.annotations));
    onNamespace(chosen);
  };
  return (
    <>
      <label class="field">
        <span>{t('try.namespace')}</span>
        <select
          value={known.some(({ name }) => name === namespace.name) ? namespace.name : ''}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
        >
          <option value="">{`${SAMPLE_NAMESPACE.name} (${t('try.ownNamespace')})`}</option>
          {known.map(({ name }) => (
            <option key={name} value={name}>
              {shown(name)}
            </option>
          ))}
        </select>
      </label>
      <Lines
        title={t('try.labels')}
        text={labels}
        onText={(text) => {
          setLabels(text);
          onNamespace({ ...namespace, labels: readKeyLines(text) });
        }}
      />
      <Lines
        title={t('try.annotations')}
        text={annotations}
        onText={(text) => {
          setAnnotations(text);
          onNamespace({ ...namespace, annotations: readKeyLines(text) });
        }}
      />
    </>
  );
}

interface LinesProps {
  readonly title: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function Lines({ title, text, onText }: LinesProps) {
  return (
    <label class="field">
      <span>
        {title} <span class="hint">{t('try.perLine')}</span>
      </span>
      <textarea
        class="code"
        rows={Math.min(10, Math.max(2, text.split('\n').length))}
        spellcheck={false}
        wrap="off"
        value={text}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
    </label>
  );
}
