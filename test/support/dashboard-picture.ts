import type { Panel } from './dashboard-queries.ts';
import { type Box, label, picture, rectangle } from './svg.ts';

export interface Series {
  readonly name: string;
  /** In the order of time; a gap is NaN. */
  readonly values: readonly number[];
}

export interface ShownPanel extends Pick<Panel, 'title' | 'gridPos'> {
  readonly type: string;
  readonly series: readonly Series[];
}

const COLUMN = 40;
const ROW = 22;
const GAP = 6;
const COLOURS = ['#2f81f7', '#d29922', '#3fb950', '#f85149', '#8957e5', '#1b7c83'];

const colourOf = (index: number): string => COLOURS[index % COLOURS.length] ?? '#2f81f7';

/** The panels of the dashboard at their places, with what Prometheus has answered. */
export function dashboardPicture(panels: readonly ShownPanel[]): string {
  const height = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h)) * ROW;
  const title = 'The dashboard of agent-injector, with the data of a test run';
  return picture(24 * COLUMN, height, title, panels.flatMap(panelOf));
}

function panelOf(panel: ShownPanel): readonly string[] {
  const { x, y, w, h } = panel.gridPos;
  const box = { x: x * COLUMN + GAP, y: y * ROW + GAP, w: w * COLUMN - 2 * GAP, h: h * ROW - 2 * GAP };
  const inner = { x: box.x + 12, y: box.y + 30, w: box.w - 24, h: box.h - 42 };
  const content = panel.type === 'stat' ? statOf : panel.type === 'bargauge' ? barsOf : linesOf;
  return [
    rectangle(box, '#ffffff'),
    label(panel.title, box.x + 12, box.y + 19, { size: 12, weight: 600 }),
    ...content(panel.series, inner),
  ];
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

function statOf(series: readonly Series[], { x, y, w, h }: Box): readonly string[] {
  const texts = series.map(({ name, values }) => (name.startsWith('0.') ? name : shown(values.at(-1) ?? Number.NaN)));
  return [label(texts.join(' / '), x + w / 2, y + h / 2 + 10, { size: 28, fill: '#1a7f37', anchor: 'middle' })];
}

function barsOf(series: readonly Series[], { x, y, w, h }: Box): readonly string[] {
  const height = Math.min(24, h / Math.max(1, series.length));
  return series.flatMap(({ name, values }, index) => {
    const share = Math.min(1, Math.max(0, values.at(-1) ?? 0));
    const top = y + index * height;
    const bar = { x: x + 90, y: top + 3, h: height - 6 };
    return [
      label(name, x, top + height / 2 + 4, { size: 11 }),
      rectangle({ ...bar, w: w - 140 }, '#eaeef2'),
      rectangle({ ...bar, w: (w - 140) * share }, '#2f81f7'),
      label(`${Math.round(share * 100)} %`, x + w, top + height / 2 + 4, { size: 11, anchor: 'end' }),
    ];
  });
}

function linesOf(series: readonly Series[], { x, y, w, h }: Box): readonly string[] {
  const legend = series.slice(0, 5);
  const plot = { x: x + 36, y, w: w - 36, h: h - 16 };
  const finite = series.flatMap(({ values }) => values.filter((value) => Number.isFinite(value)));
  const top = Math.max(...finite, 0) || 1;
  const point = (value: number, index: number, count: number): string =>
    `${(plot.x + (plot.w * index) / Math.max(1, count - 1)).toFixed(1)},${(plot.y + plot.h * (1 - value / top)).toFixed(1)}`;
  const each = plot.w / Math.max(1, legend.length);
  return [
    label(shown(top), plot.x - 6, plot.y + 8, { size: 10, fill: '#57606a', anchor: 'end' }),
    label('0', plot.x - 6, plot.y + plot.h, { size: 10, fill: '#57606a', anchor: 'end' }),
    `<path d="M${plot.x} ${plot.y}V${plot.y + plot.h}H${plot.x + plot.w}" fill="none" stroke="#d0d7de"/>`,
    ...series.map(({ values }, index) => {
      const points = values.flatMap((value, at) => (Number.isFinite(value) ? [point(value, at, values.length)] : []));
      return `<polyline points="${points.join(' ')}" fill="none" stroke="${colourOf(index)}" stroke-width="1.5"/>`;
    }),
    ...legend.map(({ name }, index) =>
      label(name.slice(0, Math.floor(each / 6)), plot.x + index * each, y + h, { size: 10, fill: colourOf(index) }),
    ),
  ];
}
