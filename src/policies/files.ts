import { imageOfDelivery, requiredTemplates } from '../profiles/delivery.ts';
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
import { type Cases } from './compatibility.ts';
import { type EntryContext } from './environment.ts';
import { isWithin } from './matchers.ts';
import { here, isComplete, rendered } from './values/templates.ts';
import { isImage } from './values/types.ts';
import { filesOf, volumesOf } from './volumes.ts';

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
  const above = ['/', ...steps.map((_, index) => `/${steps.slice(0, index + 1).join('/')}`)].filter(
    (one) => one !== path,
  );
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
      : [
          [
            `variables.volumes.exists(v, ${anyOf(same)})`,
            '"beyond-policy: the pod has a volume with the same files"',
          ] as const,
        ]),
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

const IDENTITY: ReadonlySet<string> = new Set(['claimName', 'reference', 'path', 'driver', 'secretName', 'name']);

function identity(source: ComputedJson | undefined): readonly (readonly [string, Cel])[] {
  if (typeof source !== 'object' || source instanceof Expression || Array.isArray(source)) return [];
  return Object.entries(source).flatMap(([name, value]) => {
    if (!IDENTITY.has(name)) return [];
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

/** As `normalPath`, but for `..`. */
function cleanPath(text: Cel): Cel {
  return `("/" + ${text}.split("/").filter(s, s != "" && s != ".").join("/"))`;
}

/** The mounts and devices of the container `c`: path, volume, part, `files` or empty, `closed` or empty. */
export function takenPathsOf(): Cel {
  const isReadOnly = anyOf([
    'has(v.image)',
    ...READ_ONLY_TYPES.map((type) => `has(v.${type}) && has(v.${type}.readOnly) && v.${type}.readOnly == true`),
  ]);
  const isNested = anyOf(NESTED_TYPES.map((type) => `has(v.${type})`));
  const closed = `!variables.volumes.exists(v, v.name == m.name && (${isNested})) && (has(m.readOnly) && m.readOnly == true || variables.volumes.exists(v, v.name == m.name && (${isReadOnly})))`;
  const mounts = `has(c.volumeMounts) ? c.volumeMounts.map(m, [${cleanPath('m.mountPath')}, string(m.name), has(m.subPath) ? string(m.subPath) : "", "files", ${closed} ? "closed" : ""]) : []`;
  const devices = `has(c.volumeDevices) ? c.volumeDevices.map(m, [${cleanPath('m.devicePath')}, string(m.name), "", "", ""]) : []`;
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
  const templates = volumesOf(context).flatMap(({ varies }) => varies);
  const { pullSecret } = context.delivery;
  const all = [...templates, ...(pullSecret ? [pullSecret] : [])];
  return all.length === 0
    ? '""'
    : `[${all.map((one) => `(${isComplete(here(context.profile), one)}) ? ${rendered(here(context.profile), one)} : ""`).join(', ')}].join("\\u0000")`;
}
