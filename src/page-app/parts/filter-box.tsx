import type { ComponentChildren } from 'preact';
import { numberText, t } from '../texts/language.ts';
import { FILTER_ID } from './shortcuts.ts';

interface FilterBoxProps {
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  readonly shown: number;
  readonly all: number;
  /** The id of the element among the children that says more. */
  readonly describedBy?: string;
  readonly children?: ComponentChildren;
}

/** The field that filters a list, and how much of the list is shown. */
export function FilterBox({ filter, onFilter, shown, all, describedBy, children }: FilterBoxProps) {
  return (
    <div class="toolbar" role="search">
      <label for={FILTER_ID}>{t('workloads.filter')}</label>
      <input
        id={FILTER_ID}
        type="search"
        value={filter}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={describedBy}
        onInput={({ currentTarget }) => onFilter(currentTarget.value)}
      />
      <span class="count" role="status">
        {t('workloads.count', { shown: numberText(shown), all: numberText(all) })}
      </span>
      {children}
    </div>
  );
}
