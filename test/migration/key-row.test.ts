import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isCarried, type KeyPlace, type KeyRow, rowFor } from '../../src/migration/key-row.ts';
import { libraryConfigFields } from '../../src/migration/datadog/variables.ts';
import { products } from '../../src/migration/products.ts';

interface KeyList {
  readonly product: string;
  readonly source: string;
  readonly on: KeyPlace;
  readonly keys: readonly string[];
}

const lists = parse(readFileSync(join(import.meta.dirname, 'foreign-keys.yaml'), 'utf8')) as readonly KeyList[];

const rowsOf = (product: string): readonly KeyRow[] => products.find((one) => one.product === product)?.rows ?? [];

describe('every key that the source of another injector reads', () => {
  it.each(lists.flatMap(({ product, on, keys }) => keys.map((key) => [product, on, key] as const)))(
    'of %s: %s %s has a row',
    (product, on, key) => {
      expect(rowFor(rowsOf(product), on, key)).toBeDefined();
    },
  );

  it('and no row is for a key that no source reads, besides those of the Helm chart', () => {
    const known = new Set(
      lists.flatMap(({ product, on, keys }) => keys.map((key) => rowFor(rowsOf(product), on, key)?.row)),
    );
    const rest = products.flatMap(({ rows }) => rows.filter((row) => !known.has(row)).map(({ key }) => key));
    // Rows for each language, of which the lists have an example.
    const unlisted = rest.filter(
      (key) => !/-lib\.|sidecar\.opentelemetry|language_detection|skipKPITelemetry/.test(key),
    );
    expect(unlisted.filter((key) => !['resources', 'nodeSelector', 'tolerations', 'affinity'].includes(key))).toEqual(
      [],
    );
  });

  it('says what it becomes, or why not and what to do', () => {
    for (const row of products.flatMap(({ rows }) => rows)) {
      const texts = isCarried(row) ? [row.becomes] : [row.why, row.todo];
      for (const text of texts) expect(text, row.key).toMatch(/^\S.*[^.\s]$/);
    }
  });
});

it("the fields of a Datadog library's configuration are those of its source", () => {
  // DataDog/datadog-agent@08f7187:pkg/clusteragent/admission/common/lib_config.go
  expect(libraryConfigFields.toSorted()).toEqual([
    'data_streams_enabled',
    'env',
    'health_metrics_enabled',
    'library_language',
    'library_version',
    'log_injection_enabled',
    'runtime_metrics_enabled',
    'service_name',
    'tracing_agent_timeout',
    'tracing_debug',
    'tracing_enabled',
    'tracing_header_tags',
    'tracing_log_level',
    'tracing_methods',
    'tracing_partial_flush_min_spans',
    'tracing_propagation_style_extract',
    'tracing_propagation_style_inject',
    'tracing_rate_limit',
    'tracing_sampling_rate',
    'tracing_service_mapping',
    'tracing_tags',
  ]);
});
