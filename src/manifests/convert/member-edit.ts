import { isScalar, type YAMLMap } from 'yaml';
import type { MemberChange } from '../../profiles/earlier-words/change.ts';
import { childrenOf, columnOf, isBlock } from '../edit/source-node.ts';
import type { SourceText, TextEdit } from '../edit/source-text.ts';

export type MapNode = YAMLMap.Parsed;

/** A field as it is written, cut into pieces that give its text again when they are joined. */
interface Field {
  readonly name: string;
  /** Space and comments above the key. */
  readonly before: string;
  readonly key: string;
  readonly colon: string;
  readonly value: string;
  /** Space and comments behind the value. */
  readonly after: string;
}

/** Writes the fields of an object as one member, in the layout that they have. No edit if the tag is not written there. */
export function memberEdit(source: SourceText, map: MapNode, change: MemberChange): readonly TextEdit[] {
  const isInBlock = isBlock(map);
  const bounds = isInBlock ? blockBounds(source, map) : flowBounds(map);
  const fields = fieldsOf(source, map, bounds);
  const tag = fields?.find(({ name }) => name === change.tag);
  const [start] = bounds;
  const end = bounds.at(-1);
  if (!fields || !tag || start === undefined || end === undefined) return [];
  const others = fields.filter((field) => field !== tag);
  const text = isInBlock
    ? blockText(source.eol + ' '.repeat(columnOf(map)), tag, others, change)
    : flowText(tag, others, change);
  return [source.replace(start, end, text)];
}

/** Where each field begins, and the end of the last: whole lines, so that comments stay with what they describe. */
function blockBounds(source: SourceText, map: MapNode): readonly number[] {
  return [map.range[0], ...childrenOf(map).map((part) => source.lineEnd(source.endOf(part)))];
}

function flowBounds({ range: [start, end], srcToken, items }: MapNode): readonly number[] {
  const tokens = srcToken?.type === 'flow-collection' ? srcToken.items.flatMap((item) => item.start) : [];
  const commas = tokens.flatMap(({ type, offset }) => (type === 'comma' ? [offset] : []));
  return [start + 1, ...commas.slice(0, items.length - 1), commas[items.length - 1] ?? end - 1];
}

function fieldsOf(source: SourceText, { items }: MapNode, bounds: readonly number[]): readonly Field[] | undefined {
  const fields = items.flatMap(({ key, value }, index): readonly Field[] => {
    const [from, to] = [bounds[index], bounds[index + 1]];
    if (!isScalar(key) || from === undefined || to === undefined) return [];
    const { text } = source;
    const [keyStart, keyEnd] = key.range;
    const [valueStart, valueEnd] = value?.range ?? [to, to];
    return [
      {
        name: String(key.value),
        before: text.slice(from, keyStart).replace(/^,/, ''),
        key: text.slice(keyStart, keyEnd),
        colon: text.slice(keyEnd, valueStart),
        value: text.slice(valueStart, Math.min(valueEnd, to)),
        after: text.slice(Math.min(valueEnd, to), to),
      },
    ];
  });
  return fields.length === items.length ? fields : undefined;
}

/** The fields of the object that get into the member, and those that stay beside it. */
function parted(others: readonly Field[], { content }: MemberChange): Record<'beside' | 'inside', readonly Field[]> {
  const isBeside = ({ name }: Field): boolean => 'beside' in content && content.beside.includes(name);
  return { beside: others.filter(isBeside), inside: others.filter((field) => !isBeside(field)) };
}

/** `lineStart`: the line break and the indentation of the fields. */
function blockText(lineStart: string, tag: Field, others: readonly Field[], change: MemberChange): string {
  const text = blockLines(lineStart, tag, others, change).join('');
  // The first line stands behind a dash, or where the first field stood.
  return text.startsWith(lineStart) ? text.slice(lineStart.length) : text.trimStart();
}

function blockLines(lineStart: string, tag: Field, others: readonly Field[], change: MemberChange): readonly string[] {
  const { member, content } = change;
  const onLine = (field: Field): Field => (field.before === '' ? { ...field, before: lineStart } : field);
  const header = (value: string): string => {
    const { before, key, after } = onLine(tag);
    return `${before}${quotedLike(key, member)}:${value}${after}`;
  };
  if ('constant' in content) return [...others.map((field) => fieldText(onLine(field))), header(' true')];
  if ('field' in content) {
    const comments = [tag.before.trim(), tag.after.trim()].filter((one) => one !== '').map((one) => lineStart + one);
    return [...comments, ...others.map((field) => renamed(onLine(field), { [content.field]: member }))];
  }
  const { beside, inside } = parted(others, change);
  return [
    ...beside.map((field) => fieldText(onLine(field))),
    header(inside.length === 0 ? ' {}' : ''),
    ...inside.map((field) => renamed(onLine(field), content.names).replaceAll(/\n(?=[^\r\n])/g, '\n  ')),
  ];
}

function flowText(tag: Field, others: readonly Field[], change: MemberChange): string {
  const { member, content } = change;
  const all = [tag, ...others];
  const isOneLine = all.every((field) => !fieldText(field).includes('\n'));
  const [comma, colon] = /\s/.test(tag.colon) ? [', ', ': '] : [',', ':'];
  // As in `{ a: 1 }`, where the first field has a space before it, though no other field precedes it.
  const padding = isOneLine && all.every(({ before }) => before.startsWith(' ')) ? ' ' : '';
  const list = (texts: readonly string[]): string =>
    isOneLine ? padding + texts.map((text) => text.trim()).join(comma) + padding : texts.map(behindComma).join(',');
  const whole = (value: string): string => `${tag.before}${quotedLike(tag.key, member)}${colon}${value}${tag.after}`;
  if ('constant' in content) return list([...others.map(fieldText), whole('true')]);
  if ('field' in content) return list(others.map((field) => renamed(field, { [content.field]: member })));
  const { beside, inside } = parted(others, change);
  const fields = inside.length === 0 ? '' : list(inside.map((field) => renamed(field, content.names)));
  return list([...beside.map(fieldText), whole(`{${fields}}`)]);
}

function behindComma(text: string, index: number): string {
  return index === 0 || /^\s/.test(text) ? text : ` ${text}`;
}

function fieldText({ before, key, colon, value, after }: Field): string {
  return before + key + colon + value + after;
}

function renamed(field: Field, names: Readonly<Record<string, string>>): string {
  const name = Object.hasOwn(names, field.name) ? names[field.name] : undefined;
  return fieldText(name === undefined ? field : { ...field, key: quotedLike(field.key, name) });
}

/** A word in the quotes that another one has. */
export function quotedLike(written: string, word: string): string {
  const [quote = ''] = /^["']/.exec(written) ?? [];
  return quote + word + quote;
}
