import { type ImageProblem, MAX_IMAGES, type ReadImage, readImageFacts } from '../api/image-facts.ts';
import { type Json, parsedJson } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { readSingle } from '../manifests/yaml.ts';

/** Facts about images by the name of the text that has them, such as a key of a ConfigMap, and what is wrong with the texts. */
export interface FactsSource {
  readonly images: ReadonlyMap<string, readonly ReadImage[]>;
  /** As sentence fragments. */
  readonly problems: readonly string[];
}

export const NO_FACTS: FactsSource = { images: new Map(), problems: [] };

/** Characters of all texts: a ConfigMap has at most 1 MiB. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** Longer YAML is not parsed: it would hold up reviews. `agent-injector image` writes JSON. */
const MAX_YAML_LENGTH = 64 * 1024;

const MAX_PROBLEMS = 20;

/**
 * Reads documents of image facts, as YAML or JSON. Where one is not valid, what it said before stays: of a text that cannot be read, all of it; of an
 * entry, that about the image.
 */
export function readFactsTexts(texts: Readonly<Record<string, unknown>>, last: FactsSource = NO_FACTS): FactsSource {
  const problems: string[] = [];
  const images = new Map<string, readonly ReadImage[]>();
  let room = MAX_LENGTH;
  let count = 0;
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string') continue;
    room -= text.length;
    const before = last.images.get(name) ?? [];
    const read =
      room < 0 ? { images: before, problems: [{ image: '', message: 'it is too long' }] } : readText(text, before);
    images.set(name, read.images.slice(0, Math.max(0, MAX_IMAGES - count)));
    count += read.images.length;
    problems.push(...read.problems.map((problem) => problemText(name, problem)));
  }
  if (count > MAX_IMAGES) problems.push(`there are ${count} images: only ${MAX_IMAGES} are kept`);
  return { images, problems: problems.slice(0, MAX_PROBLEMS) };
}

function readText(text: string, before: readonly ReadImage[]): ReturnType<typeof readImageFacts> {
  const parsed = parse(text);
  if (!parsed.ok) return { images: before, problems: [{ image: '', message: parsed.error }] };
  const read = readImageFacts(parsed.value);
  if (read.problems.length === 0) return read;
  const broken = new Set(read.problems.map(({ image }) => image));
  // Without a name, it is the document as a whole that says nothing.
  if (read.images.length === 0 && broken.has('')) return { images: before, problems: read.problems };
  const kept = before.filter(({ name }) => name !== undefined && broken.has(name));
  return { images: [...read.images, ...kept], problems: read.problems };
}

function parse(text: string): Result<Json, string> {
  const json = parsedJson(text);
  if (json !== undefined) return { ok: true, value: json };
  if (text.length > MAX_YAML_LENGTH)
    return { ok: false, error: `it is not JSON, and too long for YAML (${MAX_YAML_LENGTH} characters)` };
  const parsed = readSingle(text);
  if (parsed.ok) return parsed;
  const [fault] = parsed.error;
  return { ok: false, error: `${fault?.line}:${fault?.column}: ${fault?.message}` };
}

function problemText(name: string, { image, message }: ImageProblem): string {
  return `${name}: ${image === '' ? '' : `${image.slice(0, 200)}: `}${message}`;
}

export function imagesIn({ images }: FactsSource): readonly ReadImage[] {
  return [...images.values()].flat();
}
