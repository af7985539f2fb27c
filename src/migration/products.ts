import { datadog } from './datadog/pods.ts';
import { elastic } from './elastic/elastic.ts';
import type { KeyRow } from './key-row.ts';
import { newRelic } from './newrelic/newrelic.ts';
import { openTelemetry } from './opentelemetry/instrumentations.ts';
import { skyWalking } from './skywalking/skywalking.ts';

/** The keys of each product that is imported, for those who only read what they become. */
export const products: readonly {
  readonly product: string;
  readonly rows: readonly KeyRow[];
  readonly prefixes: readonly string[];
}[] = [openTelemetry, newRelic, datadog, elastic, skyWalking];
