import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chart } from './chart.ts';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** The alerts of the chart, before the template fills in times. */
export const alerts = parse(readFileSync(join(chart, 'files/alerts.yaml'), 'utf8')) as readonly Alert[];

export const { panels } = JSON.parse(readFileSync(join(chart, 'files/dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};
