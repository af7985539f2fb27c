import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { metadataOf, templateOf } from '../metadata-plan.ts';
import type { SourceObject } from '../model.ts';

/** Values that a selector reads of a container. */
type Facts = Readonly<Record<string, string | undefined>>;

/** The containers of a template that a containerSelector selects; the first one if it is empty (internal/instrumentation/mutator.go, filterInstrumentations). */
export function selectedContainers(workload: SourceObject, selector: JsonObject): readonly string[] {
  const template = templateOf(workload);
  const spec = objectIn(template, 'spec');
  const containers = objectsIn(spec, 'containers');
  const all = [
    ...containers.map((container) => ({ container, list: 'container' })),
    ...objectsIn(spec, 'initContainers').map((container) => ({ container, list: 'initContainer' })),
  ];
  if (Object.keys(selector).length === 0) return containers.slice(0, 1).map((one) => textIn(one, 'name'));
  const listed = metadataOf(template, 'annotations')[textIn(selector, 'namesFromPodAnnotation')];
  return all
    .filter(({ container, list }) => {
      const name = textIn(container, 'name');
      return (
        (listed === undefined || listed.split(',').includes(name)) &&
        matches(selector['nameSelector'], 'matchNames', { [list]: name, anyContainer: name }) &&
        matches(selector['imageSelector'], 'matchImages', { url: textIn(container, 'image') }) &&
        matches(selector['envSelector'], 'matchEnvs', variablesOf(container))
      );
    })
    .map(({ container }) => textIn(container, 'name'));
}

function variablesOf(container: JsonObject): Facts {
  return Object.fromEntries(objectsIn(container, 'env').map((one) => [textIn(one, 'name'), textIn(one, 'value')]));
}

function matches(selector: Json | undefined, exact: string, facts: Facts): boolean {
  if (!isObject(selector)) return true;
  const wanted = Object.entries(objectIn(selector, exact));
  return (
    wanted.every(([key, value]) => facts[key] === value) &&
    objectsIn(selector, 'matchExpressions').every((one) => holds(one, facts[textIn(one, 'key')]))
  );
}

const comparisons: Readonly<Record<string, (value: string, given: string) => boolean>> = {
  In: (value, given) => value === given,
  '==': (value, given) => value === given,
  StartsWith: (value, given) => value.startsWith(given),
  EndsWith: (value, given) => value.endsWith(given),
  Contains: (value, given) => value.includes(given),
};

/** `NotIn`, `!=`, `NotStartsWith` and the like are the opposite of the operator without `Not`. */
function holds(expression: JsonObject, value: string | undefined): boolean {
  const operator = textIn(expression, 'operator');
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  const isOpposite = operator === '!=' || operator.startsWith('Not');
  const compare = comparisons[operator === '!=' ? '==' : operator.replace(/^Not/, '')];
  const { values } = expression;
  const given = Array.isArray(values) ? values.map(String) : [];
  const isOne = compare !== undefined && value !== undefined && given.some((one) => compare(value, one));
  return isOne !== isOpposite;
}
