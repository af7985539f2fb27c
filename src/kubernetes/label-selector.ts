import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Why a label selector does not select these labels, to follow "requires"; undefined when it selects them. An empty selector, and none,
 * select everything (k8s.io/apimachinery pkg/apis/meta/v1 LabelSelectorAsSelector).
 */
export function unselectedBecause(selector: Json | undefined, labels: Labels): string | undefined {
  if (!isObject(selector)) return undefined;
  const wanted = objectIn(selector, 'matchLabels');
  for (const key of Object.keys(wanted)) {
    if (labels[key] !== wanted[key]) return `${key}=${textIn(wanted, key)}, found ${shown(labels[key])}`;
  }
  const failed = objectsIn(selector, 'matchExpressions').find((expression) => !agrees(expression, labels));
  if (!failed) return undefined;
  const key = textIn(failed, 'key');
  return `${key} ${expressionText(failed)}, found ${shown(labels[key])}`;
}

function agrees(expression: JsonObject, labels: Labels): boolean {
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
