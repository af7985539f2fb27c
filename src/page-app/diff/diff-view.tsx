import { useMemo, useState } from 'preact/hooks';
import { shown } from '../parts/server-text.tsx';
import { numberText, t } from '../texts/language.ts';
import { countChanges, type DiffLine, type DiffPart, type DiffRow, folded, sideBySide } from './line-diff.ts';

interface Props {
  readonly before: string;
  readonly after: string;
  readonly titles: { readonly before: string; readonly after: string };
}

/** Two texts side by side, line by line; long stretches without a change are folded. */
export function DiffView({ before, after, titles }: Props) {
  const rows = useMemo(() => sideBySide(before, after), [before, after]);
  const parts = useMemo(() => folded(rows), [rows]);
  const { added, removed } = countChanges(rows);
  if (added + removed === 0) return <p class="notice">{t('pod.same')}</p>;
  return (
    <>
      <p class="summary">{t('diff.counts', { added: numberText(added), removed: numberText(removed) })}</p>
      <div class="diff-scroll" role="region" aria-label={t('diff.table')} tabIndex={0}>
        <table class="diff">
          <caption class="for-readers">{t('diff.table')}</caption>
          <thead>
            <tr>
              <th scope="col" class="line">
                <span class="for-readers">{t('diff.line')}</span>
              </th>
              <th scope="col">{titles.before}</th>
              <th scope="col" class="line">
                <span class="for-readers">{t('diff.line')}</span>
              </th>
              <th scope="col">{titles.after}</th>
            </tr>
          </thead>
          {parts.map((part, index) => (
            <Part key={`${index}-${part.rows.length}`} part={part} />
          ))}
        </table>
      </div>
    </>
  );
}

function Part({ part }: { readonly part: DiffPart }) {
  const [isFolded, setFolded] = useState(part.isFolded);
  if (isFolded) {
    return (
      <tbody>
        <tr class="fold">
          <td colSpan={4}>
            <button type="button" onClick={() => setFolded(false)}>
              {t('diff.folded', { count: numberText(part.rows.length) })}
            </button>
          </td>
        </tr>
      </tbody>
    );
  }
  return (
    <tbody>
      {part.rows.map((row) => (
        <Row key={`${row.before?.number}-${row.after?.number}`} row={row} />
      ))}
    </tbody>
  );
}

function Row({ row: { kind, before, after } }: { readonly row: DiffRow }) {
  const isSame = kind === 'same';
  return (
    <tr class={kind}>
      <Side line={before} side={isSame ? undefined : 'old'} />
      <Side line={after} side={isSame ? undefined : 'new'} />
    </tr>
  );
}

function Side({ line, side }: { readonly line: DiffLine | undefined; readonly side: 'old' | 'new' | undefined }) {
  if (!line) return <td colSpan={2} class="nothing" />;
  return (
    <>
      <td class={`line ${side ?? ''}`}>{line.number}</td>
      <td class={`text ${side ?? ''}`}>
        <span aria-hidden="true" class="sign">
          {side === 'old' ? '−' : side === 'new' ? '+' : ' '}
        </span>
        {side && <span class="for-readers">{side === 'old' ? t('diff.removed') : t('diff.added')} </span>}
        <code translate={false}>{shown(line.text)}</code>
      </td>
    </>
  );
}
