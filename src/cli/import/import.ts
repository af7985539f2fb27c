import { catalogueFrom, type OfflineOptions } from '../../config/catalogue.ts';
import { rewriteMetadata, type MetadataChange, type Rewritten } from '../../manifests/metadata/rewrite.ts';
import { withoutDocuments } from '../../manifests/metadata/without-documents.ts';
import { displayName } from '../../manifests/file.ts';
import { type ManifestSource, readManifests } from '../../manifests/sources.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { pointer } from '../../lib/json-patch.ts';
import { readWithBuiltIn } from '../../profile-sources/builtin-documents.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { migrate } from '../../migration/migrate.ts';
import type { Migration, SourceObject } from '../../migration/model.ts';
import type { CommandResult } from '../command-result.ts';
import { yamlText } from '../profiles/yaml.ts';
import { documentsText, type ImportedFile, writeDirectory } from './files.ts';
import { type ReportLine, reportLines, reportOf } from './report.ts';
import { type Origin, sourceObjects } from './sources.ts';

export interface ImportOptions extends Omit<OfflineOptions, 'kubernetes' | 'revision'> {
  /** Paths, directories, https addresses, or `-` for standard input. */
  readonly files: readonly string[];
  readonly recursive?: boolean | undefined;
  /** Of objects that specify none. */
  readonly namespace: string;
  /** `yaml`, `json`, or a directory to write to. */
  readonly output: string;
}

/** Translates what other injectors read into settings and profiles. Throws a UsageError for invalid flags or files. */
export async function importManifests(options: ImportOptions): Promise<CommandResult> {
  const sources = await readManifests(options.files, options);
  const catalogue = await catalogueFrom({ config: options.config, profiles: options.profiles });
  const { files, report, migration } = importSources(sources, options.namespace, catalogue);
  const exitCode = report.some(({ outcome }) => outcome === 'lost') ? 1 : 0;
  if (options.output === 'json') return { output: { kind: 'json', value: { files, report } }, exitCode };
  const messages = reportLines(report, migration);
  if (options.output === 'yaml')
    return { output: { kind: 'document', text: documentsText(files) }, messages, exitCode };
  const written = await writeDirectory(options.output, files);
  return { output: { kind: 'lines', lines: written }, messages, exitCode };
}

export interface Imported {
  readonly files: readonly ImportedFile[];
  readonly report: readonly ReportLine[];
  readonly migration: Migration;
}

/** The result for these manifests: new namespaces, the rewritten files, targets, then profiles. */
export function importSources(sources: readonly ManifestSource[], namespace: string, catalogue: Catalogue): Imported {
  const origins = sourceObjects(sources, namespace);
  const migration = migrate([...origins.keys()], catalogue);
  const rewritten = sources.map((source) => rewrite(source, migration, origins));
  return {
    files: [
      ...newFiles(migration),
      ...rewritten.flatMap(({ file }) => (file ? [file] : [])),
      ...targetFiles(migration),
      ...profileFiles(migration),
    ],
    report: [
      ...reportOf(migration.remarks, origins),
      ...rewritten.flatMap(({ lines }) => lines),
      ...invalidProfiles(migration, catalogue),
    ],
    migration,
  };
}

interface RewrittenFile {
  /** Undefined if nothing is left of it. */
  readonly file: ImportedFile | undefined;
  readonly lines: readonly ReportLine[];
}

function rewrite(
  source: ManifestSource,
  migration: Migration,
  origins: ReadonlyMap<SourceObject, Origin>,
): RewrittenFile {
  const name = displayName(source.file);
  const changes = migration.edits.flatMap((edit): readonly MetadataChange[] => {
    const origin = origins.get(edit.object);
    if (origin?.source !== source) return [];
    const path = edit.path.map(String);
    return [
      {
        document: origin.document,
        line: source.manifest.objects.find((one) => one.json === edit.object.json)?.line ?? 1,
        pointer: origin.pointer + pointer(...path),
        json: path.reduce((at, step) => objectIn(at, step), edit.object.json),
        labels: Object.fromEntries(edit.labels),
        annotations: Object.fromEntries(edit.annotations),
        removed: edit.removed,
      },
    ];
  });
  const result = rewriteMetadata(source.manifest, changes);
  const replaced = migration.replaced.flatMap((object) => {
    const origin = origins.get(object);
    return origin?.source === source && origin.pointer === '' ? [origin.document] : [];
  });
  const text = withoutDocuments(result.text, new Set(replaced)) ?? result.text;
  // Values of a chart are no manifests, and nothing in them changes.
  const isEmpty =
    source.manifest.objects.length === 0 ||
    (replaced.length === source.manifest.documents.length && text !== result.text);
  return { file: isEmpty ? undefined : { name, text }, lines: problemLines(name, result) };
}

function problemLines(file: string, { problems, unremoved }: Rewritten): readonly ReportLine[] {
  const lost = { subject: '', product: '', outcome: 'lost' } as const;
  return [
    ...problems.map((one) => ({
      ...lost,
      at: `${file}:${one.line}`,
      key: 'metadata',
      message: `not written: ${one.message}`,
      todo: 'correct the file as the message says, and import it again',
    })),
    ...unremoved.map((one) => ({
      ...lost,
      at: `${file}:${one.line}`,
      key: one.removed.map(([, key]) => key).join(', '),
      message: 'still there: the text around it cannot be edited without changing more',
      todo: 'remove it by hand: while it is there, the pod is left to the other injector',
    })),
  ];
}

function newFiles({ namespaces }: Migration): readonly ImportedFile[] {
  if (namespaces.length === 0) return [];
  const documents = namespaces.map(({ name, labels, annotations }) =>
    yamlText({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } }),
  );
  return [{ name: 'namespaces.yaml', text: documents.join('---\n') }];
}

function targetFiles({ targets }: Migration): readonly ImportedFile[] {
  return targets.length === 0 ? [] : [{ name: 'targets.yaml', text: targets.map(yamlText).join('---\n') }];
}

/** What the other product accepts may be no valid value of a profile: the name of a variable, a size, a policy. */
function invalidProfiles({ profiles }: Migration, catalogue: Catalogue): readonly ReportLine[] {
  if (profiles.length === 0) return [];
  const sources = profiles.map((document) => ({ origin: profilePath(document), document }));
  return readWithBuiltIn(sources, catalogue).problems.flatMap(({ source, path, message }): readonly ReportLine[] => {
    const { origin } = source;
    const document = sources.find((one) => one.origin === origin)?.document;
    if (!document) return [];
    const subject = `AgentProfile/${textIn(objectIn(document, 'metadata'), 'name')}`;
    const todo = 'correct it in the profile: until then, there is no such profile for the server';
    return [{ at: origin, subject, product: '', key: path.map(String).join('.'), outcome: 'lost', message, todo }];
  });
}

function profilePath(document: JsonObject): string {
  return `profiles/${textIn(objectIn(document, 'metadata'), 'name')}.yaml`;
}

function profileFiles({ profiles }: Migration): readonly ImportedFile[] {
  return profiles.map((document) => ({
    name: profilePath(document),
    text: yamlText(document),
  }));
}
