import type { Now } from '../../page/wire.ts';
import { numberText, t } from '../texts/language.ts';
import { linePath, quantileBetween, ratesBetween } from './rates.ts';

interface Props {
  readonly readings: readonly Now[];
  /** How many readings a chart has room for, and how long they take. */
  readonly places: number;
  readonly minutes: number;
}

const SIZE = { width: 480, height: 96 };

export function RateChart(props: Props) {
  const values = intervals(props.readings, (earlier, later) =>
    ratesBetween(earlier, later).reduce((sum, { perSecond }) => sum + perSecond, 0),
  );
  return <Chart {...props} name={t('now.rate')} lines={[values]} format={(value) => numberText(value, 1)} />;
}

const QUANTILES = [0.5, 0.99] as const;

export function LatencyChart(props: Props) {
  const lines = QUANTILES.map((share) =>
    intervals(props.readings, (earlier, later) => {
      const seconds = quantileBetween(earlier.latency, later.latency, share);
      return seconds === undefined ? undefined : seconds * 1000;
    }),
  );
  const name = `${t('now.latency')} (p50, p99)`;
  return <Chart {...props} name={name} lines={lines} format={(value) => `${numberText(value, 2)} ms`} />;
}

/** A value for each pair of readings that follow one another. */
export function intervals<Value>(
  readings: readonly Now[],
  valueOf: (earlier: Now, later: Now) => Value,
): readonly (Value | undefined)[] {
  return readings.slice(1).map((later, index) => {
    const earlier = readings[index];
    return earlier && valueOf(earlier, later);
  });
}

interface ChartProps extends Props {
  readonly name: string;
  readonly lines: readonly (readonly (number | undefined)[])[];
  readonly format: (value: number) => string;
}

/** Small lines; the text beside them says the same. */
function Chart({ name, lines, format, places, minutes }: ChartProps) {
  const top = Math.max(0, ...lines.flat().filter((value) => value !== undefined));
  const values = lines.map((line) => line.findLast((value) => value !== undefined));
  const known = values.filter((value) => value !== undefined);
  const value = known.length === 0 ? '–' : known.map(format).join(' / ');
  return (
    <figure class="chart">
      <figcaption>
        <span>{name}</span> <strong class="number">{value}</strong>
      </figcaption>
      <svg
        viewBox={`0 -2 ${SIZE.width} ${SIZE.height + 4}`}
        role="img"
        aria-label={t('now.chart', { name, value, top: format(top), minutes })}
        preserveAspectRatio="none"
      >
        <path class="base" d={`M0 ${SIZE.height}H${SIZE.width}`} />
        {lines.map((line, index) => (
          <path key={index} class={`line-${index}`} d={linePath(line, { ...SIZE, places: places - 1, top })} />
        ))}
      </svg>
      {known.length === 0 && <p class="hint">{t('now.waiting')}</p>}
    </figure>
  );
}
