import { useMemo } from 'preact/hooks';
import type { WorkloadRow } from '../../page/wire.ts';
import { overview, refresh } from '../api/store.ts';
import { replaceRoute } from '../location.ts';
import { FilterBox } from '../parts/filter-box.tsx';
import { LoadedView } from '../parts/loaded-view.tsx';
import type { Route } from '../routing.ts';
import { filterWorkloads } from '../table/filtering.ts';
import { parseSort, type Sort, sortText, sortWorkloads } from '../table/sorting.ts';
import { WorkloadTable } from '../table/workload-table.tsx';
import { t } from '../texts/language.ts';

type WorkloadsRoute = Extract<Route, { readonly screen: 'workloads' }>;

export function WorkloadsScreen({ route }: { readonly route: WorkloadsRoute }) {
  return (
    <>
      <h1 tabIndex={-1}>{t('screen.workloads')}</h1>
      <LoadedView loaded={overview.value} retry={() => void refresh()}>
        {({ workloads }) => <Workloads all={workloads} route={route} />}
      </LoadedView>
    </>
  );
}

function Workloads({ all, route }: { readonly all: readonly WorkloadRow[]; readonly route: WorkloadsRoute }) {
  const { filter } = route;
  const sort = useMemo(() => parseSort(route.sort), [route.sort]);
  const sorted = useMemo(() => sortWorkloads(all, sort), [all, sort]);
  const rows = useMemo(() => filterWorkloads(sorted, filter), [sorted, filter]);
  if (all.length === 0) {
    return (
      <div class="notice">
        <p>{t('workloads.none')}</p>
        <p>{t('workloads.none.how')}</p>
      </div>
    );
  }
  const change = (part: { readonly filter?: string; readonly sort?: Sort }): void =>
    replaceRoute({ ...route, ...part, sort: sortText(part.sort ?? sort) });
  return (
    <>
      <FilterBox
        filter={filter}
        onFilter={(to) => change({ filter: to })}
        shown={rows.length}
        all={all.length}
        describedBy="filter-hint"
      >
        <span id="filter-hint" class="hint">
          {t('workloads.filter.hint')}
        </span>
      </FilterBox>
      {rows.length === 0 ? (
        <div class="notice">
          <p>{t('workloads.noMatch')}</p>
          <button type="button" onClick={() => change({ filter: '' })}>
            {t('workloads.clear')}
          </button>
        </div>
      ) : (
        <WorkloadTable rows={rows} sort={sort} onSort={(to) => change({ sort: to })} />
      )}
    </>
  );
}
