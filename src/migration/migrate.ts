import type { Catalogue } from '../profiles/catalogue.ts';
import { MigrationDraft } from './draft.ts';
import type { Migration, SourceObject } from './model.ts';
import { importDatadog } from './datadog/datadog.ts';
import { importElastic } from './elastic/elastic.ts';
import { importNewRelic } from './newrelic/newrelic.ts';
import { importOpenTelemetry } from './opentelemetry/opentelemetry.ts';
import { importSkyWalking } from './skywalking/skywalking.ts';

/** What other products read in these objects, in our words: annotations, profiles, and a remark on each key. */
export function migrate(objects: readonly SourceObject[], catalogue: Catalogue): Migration {
  const draft = new MigrationDraft(objects, catalogue);
  importOpenTelemetry(draft);
  importNewRelic(draft);
  importDatadog(draft);
  importElastic(draft);
  importSkyWalking(draft);
  return draft.result();
}
