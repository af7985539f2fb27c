import { INJECTED_LABEL, STATUS_ANNOTATION } from '../api/keys.ts';
import { EVICTION_ANNOTATION } from '../kubernetes/safe-to-evict.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { type Cel, firstOf, literal, quoted, quotedList, Expression } from './cel.ts';
import { addedVariables, changedVariables, type EntryContext } from './environment.ts';
import { neededMounts } from './files.ts';
import { filesOf, volumesOf } from './volumes.ts';
import { isComplete, rendered, type Rendering } from './values/templates.ts';

const add = (path: Cel, value: Cel): Cel => `JSONPatch{op: "add", path: ${path}, value: ${value}}`;

const ofKey = (path: string, key: string): Cel => `${quoted(`${path}/`)} + jsonpatch.escapeKey(${quoted(key)})`;

/** One list of operations: under `failurePolicy: Ignore`, several mutations could be carried out by half. */
export function mutation(context: EntryContext, catalogue: Catalogue): Cel {
  const parts = [
    ...metadataOperations(context, catalogue),
    ...pullSecretOperations(context),
    ...volumeOperations(context),
    containerOperations(context),
  ];
  return `variables.why == "" && variables.injected ? (${parts.map((part) => `(${part})`).join(' + ')}) : []`;
}

/** The volumes that some container needs, in the order in which the webhook adds them. */
const NEEDED = 'variables.needed.transformList(i, n, variables.reasons[i] == "" ? n : []).flatten().distinct()';

function firstContainer({ profile }: EntryContext): Rendering {
  return { profile, index: 'variables.first', container: 'object.spec.containers[variables.first]' };
}

function metadataOperations(context: EntryContext, catalogue: Catalogue): readonly Cel[] {
  const { profile } = context;
  const record =
    '"{\\"decision\\":\\"injected\\",\\"by\\":\\"policy\\",\\"containers\\":[" + variables.records.join(",") + "]}"';
  const files = filesOf(context).map(({ annotation, content }, index) => {
    const volume = `${profile.name}-file${index === 0 ? '' : `-${index + 1}`}`;
    const value = rendered(firstContainer(context), content);
    return `${quoted(volume)} in ${NEEDED} ? [${add(ofKey('/metadata/annotations', annotation), value)}] : []`;
  });
  return [
    `has(object.metadata.annotations) ? [] : [${add('"/metadata/annotations"', '{}')}]`,
    ...files,
    `[${add(ofKey('/metadata/annotations', STATUS_ANNOTATION), record)}]`,
    ...evictionOperations(context),
    ...(catalogue.podLabel === false ? [] : labelOperations(profile.name)),
  ];
}

function labelOperations(profile: string): readonly Cel[] {
  return [
    `has(object.metadata.labels) ? [] : [${add('"/metadata/labels"', '{}')}]`,
    `${quoted(INJECTED_LABEL)} in variables.podLabels ? [] : [${add(ofKey('/metadata/labels', INJECTED_LABEL), quoted(profile))}]`,
  ];
}

/** Local volumes must not keep the cluster autoscaler from removing the node. */
function evictionOperations(context: EntryContext): readonly Cel[] {
  const local = volumesOf(context).filter(({ isNodeLocal }) => isNodeLocal);
  if (local.length === 0) return [];
  const key = quoted(EVICTION_ANNOTATION);
  const present = `(${key} in variables.podAnnotations ? string(variables.podAnnotations[${key}]) : "")`;
  const listed = `${present}.split(",").map(w, w.trim())`;
  const missing = `${NEEDED}.filter(n, n in ${quotedList(local.map(({ name }) => name))} && !(n in ${listed}))`;
  const value = `(${present}.trim() == "" ? m.join(",") : ${present} + "," + m.join(","))`;
  return [
    `[${missing}].map(m, size(m) == 0 ? [] : [${add(ofKey('/metadata/annotations', EVICTION_ANNOTATION), value)}]).flatten()`,
  ];
}

function pullSecretOperations(context: EntryContext): readonly Cel[] {
  const { pullSecret } = context.delivery;
  if (!pullSecret) return [];
  const rendering = firstContainer(context);
  const name = rendered(rendering, pullSecret);
  const secret = literal({ name: new Expression(name) });
  const isThere = `has(object.spec.imagePullSecrets) && object.spec.imagePullSecrets.exists(s, s.name == ${name})`;
  const operations = `(has(object.spec.imagePullSecrets) ? [] : [${add('"/spec/imagePullSecrets"', '[]')}]) + [${add('"/spec/imagePullSecrets/-"', secret)}]`;
  return [`size(${NEEDED}) == 0 || !(${isComplete(rendering, pullSecret)}) ? [] : ${isThere} ? [] : (${operations})`];
}

function volumeOperations(context: EntryContext): readonly Cel[] {
  const rendering = firstContainer(context);
  const volumes = volumesOf(context);
  if (volumes.length === 0) return [];
  const value = firstOf(
    volumes
      .slice(1)
      .map(({ name, source }) => [`n == ${quoted(name)}`, literal({ name, ...source(rendering) })] as const),
    volumes
      .slice(0, 1)
      .map(({ name, source }) => literal({ name, ...source(rendering) }))
      .join(''),
  );
  return [
    `has(object.spec.volumes) || size(${NEEDED}) == 0 ? [] : [${add('"/spec/volumes"', '[]')}]`,
    `${NEEDED}.map(n, ${add('"/spec/volumes/-"', value)})`,
  ];
}

function containerOperations(context: EntryContext): Cel {
  const path = '"/spec/containers/" + string(i)';
  const operations = [
    `has(c.volumeMounts) || size(variables.needed[i]) == 0 ? [] : [${add(`${path} + "/volumeMounts"`, '[]')}]`,
    `(${neededMounts(context)}).map(m, ${add(`${path} + "/volumeMounts/-"`, 'm')})`,
    ...changedVariables(context, path),
    `[${addedVariables(context)}].map(a, (has(c.env) || size(a) == 0 ? [] : [${add(`${path} + "/env"`, '[]')}]) + a.map(e, ${add(`${path} + "/env/-"`, 'e')}))[0]`,
  ];
  return `object.spec.containers.transformList(i, c, variables.reasons[i] == "", ${operations.map((one) => `(${one})`).join(' + ')}).flatten()`;
}
