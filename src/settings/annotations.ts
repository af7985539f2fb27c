import { parseKey } from '../api/keys.ts';

export interface AnnotationSetting {
  readonly key: string;
  readonly text: string;
}

interface AnnotationSettings {
  readonly common: ReadonlyMap<string, AnnotationSetting>;
  readonly byContainer: ReadonlyMap<string, ReadonlyMap<string, AnnotationSetting>>;
}

const NONE: AnnotationSettings = { common: new Map(), byContainer: new Map() };

// A decision reads dozens of settings, and all pods of a namespace share its annotations: they are parsed once.
const parsedAnnotations = new WeakMap<object, AnnotationSettings>();

/** Parses the settings in annotations, which must not change afterwards. */
export function readAnnotations(annotations: Readonly<Record<string, string>>): AnnotationSettings {
  const settings = parsedAnnotations.get(annotations) ?? parseAnnotations(annotations);
  parsedAnnotations.set(annotations, settings);
  return settings;
}

function parseAnnotations(annotations: Readonly<Record<string, string>>): AnnotationSettings {
  const common = new Map<string, AnnotationSetting>();
  const byContainer = new Map<string, Map<string, AnnotationSetting>>();
  for (const key of Object.keys(annotations)) {
    const parsed = parseKey(key);
    if (!parsed) continue;
    const { setting, container } = parsed;
    const settings =
      container === undefined ? common : (byContainer.get(container) ?? new Map<string, AnnotationSetting>());
    settings.set(setting, { key, text: annotations[key] ?? '' });
    if (container !== undefined) byContainer.set(container, settings);
  }
  return common.size + byContainer.size === 0 ? NONE : { common, byContainer };
}
