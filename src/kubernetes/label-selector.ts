import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';

type Labels = Readonly<Record<string, string>>;

/** An entry of `matchLabels` or `matchExpressions` that the labels do not meet. */
interface UnmetTerm {
  readonly key: string;
  readonly found: string | undefined;
  readonly term: { readonly label: string } | { readonly expression: JsonObject };
}

/** An empty or absent selector matches everything (k8s.io/apimachinery pkg/apis/meta/v1 LabelSelectorAsSelector). */
function unmetTerm(selector: Json | undefined, labels: Labels): UnmetTerm | undefined {
  if (!isObject(selector)) return undefined;
  // A key may be the name of something that every object has, such as `constructor`.
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const wanted = objectIn(selector, 'matchLabels');
  for (const key of Object.keys(wanted)) {
    const found = valueOf(key);
    if (found !== wanted[key]) return { key, found, term: { label: textIn(wanted, key) } };
  }
  for (const expression of objectsIn(selector, 'matchExpressions')) {
    const key = textIn(expression, 'key');
    const found = valueOf(key);
    if (!matchesExpression(expression, found)) return { key, found, term: { expression } };
  }
  return undefined;
}

export function selectorMatches(selector: Json | undefined, labels: Labels): boolean {
  return unmetTerm(selector, labels) === undefined;
}

/** Explains why a label selector does not match the labels, to follow "requires"; undefined if it matches. */
export function selectorMismatch(selector: Json | undefined, labels: Labels): string | undefined {
  const unmet = unmetTerm(selector, labels);
  if (!unmet) return undefined;
  const { key, found, term } = unmet;
  const wanted = 'label' in term ? `${key}=${term.label}` : `${key} ${expressionText(term.expression)}`;
  return `${wanted}, found ${shown(found)}`;
}

/** Evaluates an expression of a label or node selector against the value of its label. `Gt` and `Lt` (node selectors only) count as matched. */
export function matchesExpression(expression: JsonObject, value: string | undefined): boolean {
  const { values } = expression;
  const isListed = Array.isArray(values) && value !== undefined && values.includes(value);
  switch (textIn(expression, 'operator')) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return true;
  }
}

/** The values that a label selector gives for a key and an operator; an entry of `matchLabels` is an `In` with one value. */
export function selectorValues(selector: Json | undefined, key: string, operator: 'In' | 'NotIn'): readonly Json[] {
  const object = isObject(selector) ? selector : {};
  const label = objectIn(object, 'matchLabels')[key];
  const expressions = objectsIn(object, 'matchExpressions').filter(
    (one) => one['key'] === key && one['operator'] === operator,
  );
  return [
    ...(operator === 'In' && typeof label === 'string' ? [label] : []),
    ...expressions.flatMap(({ values }) => (Array.isArray(values) ? values : [])),
  ];
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
