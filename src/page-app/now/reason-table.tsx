import type { Now } from '../../page/wire.ts';
import { shown } from '../parts/server-text.tsx';
import { numberText, t, termFor } from '../texts/language.ts';
import { intervals } from './charts.tsx';
import { linePath, type Rate, ratesBetween } from './rates.ts';

interface Props {
  readonly now: Now;
  readonly readings: readonly Now[];
  readonly places: number;
}

/** A minute: rates over it are calmer than those over one interval. */
const AVERAGED = 13;

const SMALL = { width: 120, height: 18 };

/** Every outcome and reason with its rate, as a number and as a small line. */
export function ReasonTable({ now, readings, places }: Props) {
  const earlier = readings.at(-AVERAGED) ?? readings[0];
  const rates = earlier && earlier !== now ? ratesBetween(earlier, now) : [];
  const history = intervals(readings, ratesBetween);
  const rows = now.decisions.toSorted((one, other) => other.count - one.count);
  return (
    <table>
      <caption class="for-readers">{t('now.reasons')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('column.outcome')}</th>
          <th scope="col">{t('column.reason')}</th>
          <th scope="col" colSpan={2} class="number">
            {t('column.rate')}
          </th>
          <th scope="col" class="number">
            {t('now.total')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const rate = rateOf(rates, row);
          const line = history.map((all) => all && rateOf(all, row));
          return (
            <tr key={`${row.outcome}/${row.reason}`}>
              <td>{termFor('outcome', row.outcome)}</td>
              <td>
                <code translate={false}>{shown(row.reason)}</code>
              </td>
              <td class="small-line">
                <SmallLine values={line} places={places} />
              </td>
              <td class="number">{rate === undefined ? '–' : numberText(rate, 2)}</td>
              <td class="number">{numberText(row.count)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function rateOf(rates: readonly Rate[], { outcome, reason }: Pick<Rate, 'outcome' | 'reason'>): number | undefined {
  return rates.find((one) => one.outcome === outcome && one.reason === reason)?.perSecond;
}

/** The number beside it is its text. */
function SmallLine({ values, places }: { readonly values: readonly (number | undefined)[]; readonly places: number }) {
  const top = Math.max(0, ...values.filter((value) => value !== undefined));
  return (
    <svg
      class="small"
      viewBox={`0 -1 ${SMALL.width} ${SMALL.height + 2}`}
      aria-hidden="true"
      preserveAspectRatio="none"
    >
      <path d={linePath(values, { ...SMALL, places: places - 1, top })} />
    </svg>
  );
}
