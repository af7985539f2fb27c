import { useEffect, useRef, useState } from 'preact/hooks';
import type { WorkloadRow } from '../../page/wire.ts';
import { goTo } from '../location.ts';
import { t } from '../texts/language.ts';
import { type Column, COLUMNS, type Sort, sortAfterClick } from './sorting.ts';
import { type RowWindow, rowAfterKey, scrollTopFor, windowOf } from './windowing.ts';
import { WorkloadCells } from './workload-cells.tsx';

/** In px, as `--row` in page.css. */
const ROW_HEIGHT = 34;

interface Props {
  readonly rows: readonly WorkloadRow[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

const rowId = (index: number): string => `workload-${index}`;

/** Renders only the rows in view, and says how many there are. The table has the focus, and its arrow keys move a cursor over the rows. */
export function WorkloadTable({ rows, sort, onSort }: Props) {
  const { box, scrollTop, height, onScroll } = useScroll();
  const [chosen, setCursor] = useState(0);
  const cursor = Math.min(chosen, rows.length - 1);
  const view = { count: rows.length, rowHeight: ROW_HEIGHT, scrollTop, height };
  const shown = windowOf(view);
  const open = (index: number): void => {
    const row = rows[index];
    if (row) goTo({ screen: 'workload', namespace: row.namespace, workload: row.workload });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'Enter') open(cursor);
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 2);
    const to = rowAfterKey(event.key, cursor, rows.length, page);
    if (to === undefined) return;
    event.preventDefault();
    setCursor(to);
    if (box.current) box.current.scrollTop = scrollTopFor(to, view, ROW_HEIGHT);
  };
  return (
    <div class="scroll" ref={box} onScroll={onScroll}>
      <table
        class="workloads"
        role="grid"
        tabIndex={0}
        aria-label={t('workloads.table')}
        aria-rowcount={rows.length + 1}
        aria-activedescendant={cursor >= shown.start && cursor < shown.end ? rowId(cursor) : undefined}
        onKeyDown={onKeyDown}
      >
        <Head sort={sort} onSort={onSort} />
        <Body rows={rows} shown={shown} cursor={cursor} onCursor={setCursor} />
      </table>
    </div>
  );
}

function Head({ sort, onSort }: Pick<Props, 'sort' | 'onSort'>) {
  const direction = sort.descending ? 'descending' : 'ascending';
  return (
    <thead>
      <tr aria-rowindex={1}>
        {COLUMNS.map((column) => (
          <th
            key={column}
            scope="col"
            class={`column-${column}`}
            aria-sort={sort.column === column ? direction : 'none'}
          >
            <button type="button" onClick={() => onSort(sortAfterClick(sort, column))}>
              {t(`column.${column}`)}
              <Arrow sort={sort} column={column} />
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Arrow({ sort, column }: { readonly sort: Sort; readonly column: Column }) {
  const arrow = sort.column !== column ? '' : sort.descending ? '▾' : '▴';
  return (
    <span class="arrow" aria-hidden="true">
      {arrow}
    </span>
  );
}

interface BodyProps {
  readonly rows: readonly WorkloadRow[];
  readonly shown: RowWindow;
  readonly cursor: number;
  readonly onCursor: (index: number) => void;
}

function Body({ rows, shown, cursor, onCursor }: BodyProps) {
  return (
    <tbody>
      <Spacer height={shown.above} />
      {rows.slice(shown.start, shown.end).map((row, offset) => {
        const index = shown.start + offset;
        return (
          <tr
            key={`${row.namespace}/${row.workload}`}
            id={rowId(index)}
            aria-rowindex={index + 2}
            aria-selected={index === cursor}
            onClick={() => onCursor(index)}
          >
            <WorkloadCells row={row} />
          </tr>
        );
      })}
      <Spacer height={shown.below} />
    </tbody>
  );
}

/** In the place of the rows that are not rendered. */
function Spacer({ height }: { readonly height: number }) {
  if (height === 0) return null;
  return (
    <tr aria-hidden="true" class="spacer">
      <td style={{ height: `${height}px` }} />
    </tr>
  );
}

/** The position and the height of what scrolls. */
function useScroll() {
  const box = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { box, scrollTop, height, onScroll: () => setScrollTop(box.current?.scrollTop ?? 0) };
}
