import { useState } from 'preact/hooks';
import { FILTER_ID } from '../parts/shortcuts.ts';
import { t } from '../texts/language.ts';

interface Props {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onSample: () => void;
}

/** A text that a file can be dropped on. */
export function ManifestField({ text, onText, onSample }: Props) {
  const [isOver, setOver] = useState(false);
  const onDrop = (event: DragEvent): void => {
    setOver(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void Promise.all(files.map((file) => file.text())).then((texts) => onText(texts.join('\n---\n')));
  };
  return (
    <div class="field">
      <div class="field-head">
        <label for={FILTER_ID}>{t('try.manifest')}</label>
        <button type="button" onClick={onSample}>
          {t('try.sample')}
        </button>
      </div>
      <textarea
        id={FILTER_ID}
        class={isOver ? 'code over' : 'code'}
        rows={18}
        spellcheck={false}
        autocomplete="off"
        wrap="off"
        placeholder={t('try.drop')}
        value={text}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      />
    </div>
  );
}
