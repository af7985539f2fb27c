import { parseKey } from '../api/keys.ts';

/** A setting as somebody wrote it: the whole key, and the text. */
export interface AnnotationSetting {
  readonly key: string;
  readonly text: string;
}

/** What one map of annotations says under our prefix, by the name of the setting. */
export interface AnnotationSettings {
  readonly common: ReadonlyMap<string, AnnotationSetting>;
  /** By container: what is said for that one alone. */
  readonly single: ReadonlyMap<string, ReadonlyMap<string, AnnotationSetting>>;
}

const NONE: AnnotationSettings = { common: new Map(), single: new Map() };

// A decision asks for dozens of settings, and the annotations of a namespace are asked for every pod of it: they are read once.
const known = new WeakMap<object, AnnotationSettings>();

/** The settings in a map of annotations, which must never change once it was read. */
export function readAnnotations(annotations: Readonly<Record<string, string>>): AnnotationSettings {
  const read = known.get(annotations) ?? readSettings(annotations);
  known.set(annotations, read);
  return read;
}

function readSettings(annotations: Readonly<Record<string, string>>): AnnotationSettings {
  const common = new Map<string, AnnotationSetting>();
  const single = new Map<string, Map<string, AnnotationSetting>>();
  for (const key of Object.keys(annotations)) {
    const parsed = parseKey(key);
    if (!parsed) continue;
    const written = { key, text: annotations[key] ?? '' };
    const { setting, container } = parsed;
    if (container === undefined) {
      common.set(setting, written);
      continue;
    }
    const own = single.get(container) ?? new Map<string, AnnotationSetting>();
    single.set(container, own.set(setting, written));
  }
  return common.size + single.size === 0 ? NONE : { common, single };
}
