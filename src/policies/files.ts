import { FILE_ANNOTATION } from '../api/keys.ts';
import { normalPath } from '../kubernetes/mount-path.ts';
import { imageOfDelivery, requiredTemplates } from '../profiles/delivery.ts';
import type { Template } from '../profiles/template.ts';
import {
  allOf,
  anyOf,
  type Cel,
  type ComputedJson,
  Expression,
  joined,
  listIf,
  literal,
  quoted,
  quotedList,
} from './cel.ts';
import type { Cases } from './compatibility.ts';
import { type EntryContext, isMet } from './environment.ts';
import { here, isComplete, rendered, type Rendering } from './templates.ts';
import { isImage } from './values.ts';
import { isWithin } from './matchers.ts';

/** A volume of the profile, and what mounts it. */
export interface PolicyVolume {
  readonly name: string;
  readonly mounts: readonly PolicyMount[];
  readonly source: (rendering: Rendering) => { readonly [type: string]: ComputedJson };
  /** What differs between containers, which share the volume. */
  readonly varies: readonly Template[];
  readonly isNodeLocal: boolean;
}

export interface PolicyMount {
  readonly path: string;
  /** `i` and `c` are the container. */
  readonly isMounted: Cel;
  readonly mount: Cel;
  /** The mount must be there, and its path free; a mount of the author's takes the place of any other. */
  readonly isAgent: boolean;
}

/** All volumes in the order in which the webhook adds them: the agent, writable directories, configuration files, objects. */
export function volumesOf(context: EntryContext): readonly PolicyVolume[] {
  return [...agentVolume(context), ...writableVolumes(context), ...fileVolumes(context), ...objectVolumes(context)];
}

const isFree = (path: string): Cel => `!variables.taken[i].exists(t, t[0] == ${quoted(path)})`;

function agentVolume(context: EntryContext): readonly PolicyVolume[] {
  const { profile, delivery } = context;
  if (delivery.kind === 'preinstalled') return [];
  const mounts = profile.mounts.map((mount): PolicyMount => {
    const texts = [delivery.subPath, mount.subPath].filter((one) => one !== undefined);
    const isReadOnly = mount.readOnly || delivery.readOnly;
    const parts = texts.map((template) => {
      const text = isConstant(template) ? quoted(normalPath(constantText(template)).slice(1)) : rendered(here(profile), template);
      return `(${isComplete(here(profile), template)}) ? [${text}].filter(s, s != "") : []`;
    });
    const base = { name: profile.name, mountPath: mount.path, ...(isReadOnly && { readOnly: true }) };
    const joinedParts = `(${joined(parts)}).join("/")`;
    const text =
      texts.length === 0
        ? literal(base)
        : `[${joinedParts}].map(s, s == "" ? ${literal(base)} : ${literal({ ...base, subPath: new Expression('s') })})[0]`;
    return { path: mount.path, isMounted: 'true', mount: text, isAgent: true };
  });
  const varies = [...requiredTemplates(delivery).map(([, template]) => template)];
  return [{ name: profile.name, mounts, source: (rendering) => sourceOf(context, rendering), varies, isNodeLocal: false }];
}

function isConstant(template: Template): boolean {
  return template.every((part) => typeof part === 'string');
}

function constantText(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : '')).join('');
}

/** The source of the volume with the files of the agent, as injection/files/volumes.ts writes it. */
function sourceOf({ delivery }: EntryContext, rendering: Rendering): { readonly [type: string]: ComputedJson } {
  const text = (template: Template): Expression => new Expression(rendered(rendering, template));
  switch (delivery.kind) {
    case 'persistentVolumeClaim':
      return { persistentVolumeClaim: { claimName: text(delivery.claimName) } };
    case 'image':
      return { image: { reference: text(delivery.reference), pullPolicy: delivery.pullPolicy } };
    case 'hostPath':
      return { hostPath: { path: text(delivery.path), type: delivery.pathType } };
    case 'csi': {
      const { driver, readOnly, fsType, attributes } = delivery;
      const values = Object.fromEntries([...attributes].map(([name, template]) => [name, text(template)] as const));
      return {
        csi: {
          driver,
          readOnly,
          ...(fsType !== undefined && { fsType }),
          ...(attributes.size > 0 && { volumeAttributes: values }),
        },
      };
    }
    case 'initContainer':
    case 'ephemeral':
    case 'preinstalled':
      return {};
  }
}

function writableVolumes(context: EntryContext): readonly PolicyVolume[] {
  return context.profile.writablePaths.map(({ path, volume: name, sizeLimit, when }) => ({
    name,
    mounts: [
      {
        path,
        isMounted: allOf([isMet(context, when), isFree(path)]),
        mount: literal({ name, mountPath: path, subPath: new Expression('string(c.name)') }),
        isAgent: false,
      },
    ],
    source: () => ({ emptyDir: { sizeLimit } }),
    varies: [],
    isNodeLocal: true,
  }));
}

/** The annotation that holds the text of a configuration file, and the file. */
export interface PolicyFile {
  readonly annotation: string;
  readonly content: Template;
  readonly isMounted: Cel;
}

function keyOf(profile: string, index: number): string {
  return `${FILE_ANNOTATION}${profile}${index === 0 ? '' : `.${index + 1}`}`;
}

export function filesOf(context: EntryContext): readonly PolicyFile[] {
  const { profile } = context;
  return profile.files.map(({ path, content, when }, index) => ({
    annotation: keyOf(profile.name, index),
    content,
    isMounted: allOf([isMet(context, when), isFree(path)]),
  }));
}

function fileVolumes(context: EntryContext): readonly PolicyVolume[] {
  const { profile } = context;
  return filesOf(context).map(({ annotation, content, isMounted }, index) => {
    const path = profile.files[index]?.path ?? '';
    const file = path.slice(path.lastIndexOf('/') + 1);
    const name = `${profile.name}-file${index === 0 ? '' : `-${index + 1}`}`;
    const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.annotations['${annotation}']` };
    return {
      name,
      mounts: [
        { path, isMounted, mount: literal({ name, mountPath: path, subPath: file, readOnly: true }), isAgent: false },
      ],
      source: () => ({ downwardAPI: { items: [{ path: file, fieldRef }] } }),
      varies: [content],
      isNodeLocal: false,
    };
  });
}

function objectVolumes(context: EntryContext): readonly PolicyVolume[] {
  return context.profile.objects.map(({ path, volume: name, kind, name: object, when }) => ({
    name,
    mounts: [
      {
        path,
        isMounted: allOf([isMet(context, when), isFree(path)]),
        mount: literal({ name, mountPath: path, readOnly: true }),
        isAgent: false,
      },
    ],
    source: (rendering) => {
      const text = new Expression(rendered(rendering, object));
      if (kind === 'hostPath') return { hostPath: { path: text, type: 'DirectoryOrCreate' } };
      const rest = { optional: true, defaultMode: 0o644 };
      return kind === 'secret' ? { secret: { secretName: text, ...rest } } : { configMap: { name: text, ...rest } };
    },
    varies: [object],
    isNodeLocal: false,
  }));
}

/** Why the files cannot be mounted, in the order of injection/files. */
export function fileReasons(context: EntryContext): Cases {
  const { writablePaths, files, objects } = context.profile;
  const expected = quotedList([...writablePaths, ...files, ...objects].map(({ path }) => path));
  const isOther = `!(t[3] == "files" && t[0] in ${expected})`;
  return volumesOf(context).flatMap(({ mounts }) =>
    mounts.map(({ path, isMounted, isAgent }) => {
      const inside = `variables.taken[i].exists(t, (${isWithin('t[0]', path)})${isAgent ? ` && ${isOther}` : ''})`;
      const isFile = context.profile.files.some((one) => one.path === path);
      return [
        allOf([isMounted, anyOf([...(isFile ? [] : [inside]), isBelowClosed(path)])]),
        '"mount-path-taken"',
      ] as const;
    }),
  );
}

/** The nearest mount above the path is read-only, so that the runtime cannot make the directory. */
function isBelowClosed(path: string): Cel {
  const steps = path.split('/').slice(1, -1);
  const above = ['/', ...steps.map((_, index) => `/${steps.slice(0, index + 1).join('/')}`)].filter((one) => one !== path);
  return `[variables.taken[i].filter(t, t[0] in ${quotedList(above)})].exists(u, u.exists(t, t[4] == "closed" && u.all(o, size(o[0]) < size(t[0]) || o == t)))`;
}

/** What the delivery needs of the values: an image whose name is valid as a whole. */
export function valueReasons({ profile, delivery }: EntryContext): Cases {
  const templates = requiredTemplates(delivery).map(([, template]) => template);
  const image = imageOfDelivery(delivery);
  return [
    ...(templates.length === 0
      ? []
      : [[`!(${allOf(templates.map((one) => isComplete(here(profile), one)))})`, '"delivery-not-possible"'] as const]),
    ...(image
      ? [[`![${rendered(here(profile), image)}].exists(r, ${isImage('r')})`, '"delivery-not-possible"'] as const]
      : []),
  ];
}

/** What only the webhook can sort out: a volume of ours that is there, or one with its name. */
export function volumeReasons(context: EntryContext): Cases {
  const volumes = volumesOf(context);
  const names = quotedList(volumes.map(({ name }) => name));
  const annotations = filesOf(context).map(({ annotation }) => annotation);
  const types = [...new Set(volumes.flatMap(({ source }) => Object.keys(source(here(context.profile)))))];
  const same = types
    .filter((type) => type !== 'emptyDir' && type !== 'downwardAPI')
    .map((type) => {
      const texts = volumes.flatMap(({ source }) => identity(source(here(context.profile))[type]));
      return `has(v.${type}) && (${anyOf(texts.map(([name, text]) => `has(v.${type}.${name}) && v.${type}.${name} == ${text}`))})`;
    });
  return [
    [
      anyOf([
        `variables.volumes.exists(v, v.name in ${names})`,
        `object.spec.containers.exists(o, has(o.volumeMounts) && o.volumeMounts.exists(m, m.name in ${names}))`,
      ]),
      '"beyond-policy: a volume has the name of one of the profile"',
    ],
    ...(same.length === 0
      ? []
      : [[`variables.volumes.exists(v, ${anyOf(same)})`, '"beyond-policy: the pod has a volume with the same files"'] as const]),
    ...(annotations.length === 0
      ? []
      : [
          [
            `${quotedList(annotations)}.exists(n, n in variables.podAnnotations)`,
            '"beyond-policy: the pod has the annotation of a configuration file"',
          ] as const,
        ]),
  ];
}

const IDENTITY = ['claimName', 'reference', 'path', 'driver', 'secretName', 'name'];

function identity(source: ComputedJson | undefined): readonly (readonly [string, Cel])[] {
  if (typeof source !== 'object' || source instanceof Expression || Array.isArray(source)) return [];
  return Object.entries(source).flatMap(([name, value]) => {
    if (!IDENTITY.includes(name)) return [];
    return [[name, value instanceof Expression ? `(${value.cel})` : literal(value)] as const];
  });
}

const READ_ONLY_TYPES = [
  'persistentVolumeClaim',
  'csi',
  'nfs',
  'iscsi',
  'fc',
  'rbd',
  'cephfs',
  'flexVolume',
  'azureDisk',
  'azureFile',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'cinder',
  'glusterfs',
  'quobyte',
  'portworxVolume',
  'storageos',
  'scaleIO',
];

const NESTED_TYPES = ['configMap', 'secret', 'downwardAPI', 'projected'];

/** The mounts and devices of the container `c`: path, volume, part, `files` or empty, `closed` or empty. */
export function takenPathsOf(): Cel {
  const isReadOnly = anyOf([
    'has(v.image)',
    ...READ_ONLY_TYPES.map((type) => `has(v.${type}) && has(v.${type}.readOnly) && v.${type}.readOnly == true`),
  ]);
  const isNested = anyOf(NESTED_TYPES.map((type) => `has(v.${type})`));
  const path = (text: Cel): Cel => `("/" + ${text}.split("/").filter(s, s != "" && s != ".").join("/"))`;
  const closed = `!variables.volumes.exists(v, v.name == m.name && (${isNested})) && (has(m.readOnly) && m.readOnly == true || variables.volumes.exists(v, v.name == m.name && (${isReadOnly})))`;
  const mounts = `has(c.volumeMounts) ? c.volumeMounts.map(m, [${path('m.mountPath')}, string(m.name), has(m.subPath) ? string(m.subPath) : "", "files", ${closed} ? "closed" : ""]) : []`;
  const devices = `has(c.volumeDevices) ? c.volumeDevices.map(m, [${path('m.devicePath')}, string(m.name), "", "", ""]) : []`;
  return `(${mounts}) + (${devices})`;
}

/** The names of the volumes that the container needs, in order. */
export function neededVolumes(context: EntryContext): Cel {
  return joined(
    volumesOf(context).map(({ name, mounts }) => listIf(anyOf(mounts.map((one) => one.isMounted)), quoted(name))),
    '[""].filter(n, n != "")',
  );
}

export function neededMounts(context: EntryContext): Cel {
  return joined(
    volumesOf(context).flatMap(({ mounts }) => mounts.map(({ isMounted, mount }) => listIf(isMounted, mount))),
  );
}

/** The paths of the new mounts as the record lists them. */
export function mountTexts(context: EntryContext): Cel {
  return joined(
    volumesOf(context).flatMap(({ name, mounts }) =>
      mounts.map(({ path, isMounted }) => listIf(isMounted, quoted(`${JSON.stringify(path)}:${JSON.stringify(name)}`))),
    ),
    '[""].filter(n, n != "")',
  );
}

/** What must be equal in all containers that share the volumes of a pod. */
export function sharedTexts(context: EntryContext): Cel {
  const templates = [...volumesOf(context).flatMap(({ varies }) => varies)];
  const { pullSecret } = context.delivery;
  const all = [...templates, ...(pullSecret ? [pullSecret] : [])];
  return all.length === 0
    ? '""'
    : `[${all.map((one) => `(${isComplete(here(context.profile), one)}) ? ${rendered(here(context.profile), one)} : ""`).join(', ')}].join("\\u0000")`;
}
