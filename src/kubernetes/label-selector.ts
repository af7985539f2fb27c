import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Explains why a label selector does not match the labels, to follow "requires"; undefined if it matches. An empty or absent selector matches
 * everything (k8s.io/apimachinery pkg/apis/meta/v1 LabelSelectorAsSelector).
 */
export function selectorMismatch(selector: Json | undefined, labels: Labels): string | undefined {
  if (!isObject(selector)) return undefined;
  const wanted = objectIn(selector, 'matchLabels');
  for (const key of Object.keys(wanted)) {
    if (labels[key] !== wanted[key]) return `${key}=${textIn(wanted, key)}, found ${shown(labels[key])}`;
  }
  const failed = objectsIn(selector, 'matchExpressions').find((expression) => !matches(expression, labels));
  if (!failed) return undefined;
  const key = textIn(failed, 'key');
  return `${key} ${expressionText(failed)}, found ${shown(labels[key])}`;
}

function matches(expression: JsonObject, labels: Labels): boolean {
  const { values } = expression;
  const found = labels[textIn(expression, 'key')];
  const named = Array.isArray(values) && found !== undefined && values.includes(found);
  switch (textIn(expression, 'operator')) {
    case 'In':
      return named;
    case 'NotIn':
      return !named;
    case 'Exists':
      return found !== undefined;
    default:
      return found === undefined;
  }
}

function expressionText({ operator, values }: JsonObject): string {
  const list = Array.isArray(values) ? values.map(String).join(', ') : '';
  if (operator === 'In') return `in (${list})`;
  if (operator === 'NotIn') return `not in (${list})`;
  return operator === 'Exists' ? 'to exist' : 'to be absent';
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : `"${value}"`;
}
