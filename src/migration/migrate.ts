import type { Catalogue } from '../profiles/catalogue.ts';
import { MigrationDraft } from './draft.ts';
import type { Migration, SourceObject } from './model.ts';
import { importOpenTelemetry } from './opentelemetry/opentelemetry.ts';

/** What other products read in these objects, in our words: annotations, profiles, and a remark on each key. */
export function migrate(objects: readonly SourceObject[], catalogue: Catalogue): Migration {
  const draft = new MigrationDraft(objects, catalogue);
  importOpenTelemetry(draft);
  return draft.result();
}
