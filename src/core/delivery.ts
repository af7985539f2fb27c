import { z } from 'zod';
import type { KubernetesVersion } from './cluster.ts';
import { absolutePath, relativePath } from './mount-path.ts';
import { quantitySchema as quantity } from './quantity.ts';
import { parseTemplate, type Template } from './template.ts';

const shared = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,63}$/, 'must be 1 to 63 letters, digits and dashes')
    .optional()
    .describe('What the delivery annotation says; default: the type.'),
  os: z
    .array(z.enum(['linux', 'windows']))
    .min(1)
    .optional()
    .describe('Only for pods of these; default: those of the profile.'),
};
const part = relativePath
  .optional()
  .describe('The directory in it that is mounted. Left out while a parameter in it has no value.');
const readOnly = (fallback: boolean) => z.boolean().default(fallback).describe('The container cannot write there.');
const pullPolicy = z
  .enum(['Always', 'IfNotPresent', 'Never'])
  .default('IfNotPresent')
  .describe('When the node pulls the image.');
const positionSchema = z.union([z.enum(['first', 'last']), z.strictObject({ before: z.string().min(1) })]);

const resourcesSchema = z.strictObject({ cpu: quantity, memory: quantity });

const copy = {
  image: z.string().min(1).describe("The image that holds the agent's files."),
  pullPolicy,
  pullSecret: z
    .string()
    .min(1)
    .optional()
    .describe('A Secret to pull it with, added to the imagePullSecrets of the pod.'),
  command: z.array(z.string()).min(1).describe('Copies the files to copyTo. No shell unless it names one.'),
  copyTo: absolutePath.default('/agent').describe('Where the init container has the volume that the app will see.'),
  position: positionSchema.default('first').describe('Its place among the init containers.'),
  requests: resourcesSchema
    .default({ cpu: '10m', memory: '32Mi' })
    .describe('Never more than the pod asks for anyway.'),
  limits: resourcesSchema.default({ cpu: '200m', memory: '128Mi' }).describe('What copying may take.'),
};

/** How an agent's files reach a container: a row per kind. */
export const deliverySchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...shared,
    type: z.literal('persistentVolumeClaim').describe('A claim that somebody has put the files on.'),
    claimName: z.string().min(1).describe('The claim that holds the agent, in the namespace of the pod.'),
    subPath: part,
    readOnly: readOnly(false),
  }),
  z.strictObject({
    ...shared,
    type: z.literal('image').describe('An OCI image as a volume. Kubernetes 1.35 or later.'),
    image: copy.image,
    pullPolicy,
    pullSecret: copy.pullSecret,
    subPath: part,
  }),
  z.strictObject({
    ...shared,
    ...copy,
    type: z.literal('initContainer').describe('An init container copies the files into an emptyDir.'),
    sizeLimit: quantity.default('300Mi').describe('The most that the files may take.'),
    medium: z
      .enum(['', 'Memory'])
      .default('')
      .describe('Where the emptyDir is: on the disk of the node, or in memory.'),
    readOnly: readOnly(false),
  }),
  z.strictObject({
    ...shared,
    ...copy,
    type: z.literal('ephemeral').describe('As initContainer, into a claim that lives as long as the pod.'),
    storageClassName: z.string().min(1).optional().describe("Default: the cluster's."),
    size: quantity.default('1Gi').describe('What the claim asks for.'),
    readOnly: readOnly(false),
  }),
  z.strictObject({
    ...shared,
    type: z.literal('hostPath').describe('A directory of the node. Pod Security baseline and restricted forbid it.'),
    path: z.string().min(1).describe('A parameter in it must be of type path or version.'),
    hostPathType: z
      .enum(['DirectoryOrCreate', 'Directory'])
      .default('DirectoryOrCreate')
      .describe('Directory: the kubelet does not start the pod before it is there.'),
    subPath: part,
    readOnly: readOnly(true),
  }),
  z.strictObject({
    ...shared,
    type: z.literal('csi').describe('A volume that a CSI driver makes for the pod.'),
    driver: z.string().min(1).describe('The name of the driver.'),
    fsType: z.string().optional().describe('What the driver is to make on it.'),
    attributes: z.record(z.string(), z.string()).default({}).describe('What the driver is told.'),
    subPath: part,
    readOnly: readOnly(true),
  }),
  z.strictObject({
    ...shared,
    type: z.literal('baked').describe("The agent is in the app's image: environment only."),
  }),
]);

export type DeliveryDocument = z.infer<typeof deliverySchema>;

export type Position = z.infer<typeof positionSchema>;

/** What an init container needs to copy an agent's files. */
export interface Copy {
  readonly image: Template;
  readonly pullPolicy: string;
  readonly command: readonly Template[];
  readonly copyTo: string;
  readonly position: Position;
  readonly requests: Resources;
  readonly limits: Resources;
}

export type Resources = z.infer<typeof resourcesSchema>;

interface Common {
  readonly name: string;
  readonly os: readonly string[] | undefined;
  readonly pullSecret: Template | undefined;
  readonly subPath: Template | undefined;
  readonly readOnly: boolean;
}

/** A delivery with its templates taken apart. */
export type Delivery = Common &
  (
    | { readonly type: 'persistentVolumeClaim'; readonly claimName: Template }
    | { readonly type: 'image'; readonly image: Template; readonly pullPolicy: string }
    | { readonly type: 'initContainer'; readonly copy: Copy; readonly sizeLimit: string; readonly medium: string }
    | {
        readonly type: 'ephemeral';
        readonly copy: Copy;
        readonly storageClassName: Template | undefined;
        readonly size: string;
      }
    | { readonly type: 'hostPath'; readonly path: Template; readonly hostPathType: string }
    | {
        readonly type: 'csi';
        readonly driver: string;
        readonly fsType: string | undefined;
        readonly attributes: ReadonlyMap<string, Template>;
      }
    | { readonly type: 'baked' }
  );

export type DeliveryType = Delivery['type'];

/** What each kind asks of the cluster: the least version of the API server, and whether Pod Security baseline lets it pass. */
export const deliveryNeeds: {
  readonly [type in DeliveryType]: { readonly kubernetes: KubernetesVersion | undefined; readonly baseline: boolean };
} = {
  persistentVolumeClaim: { kubernetes: undefined, baseline: true },
  // On by default from then on (k8s.io/kubernetes pkg/features ImageVolume): before, the API server drops the field and refuses the pod.
  image: { kubernetes: { major: 1, minor: 35 }, baseline: true },
  initContainer: { kubernetes: undefined, baseline: true },
  ephemeral: { kubernetes: { major: 1, minor: 23 }, baseline: true },
  // k8s.io/pod-security-admission policy/check_hostPathVolumes.go
  hostPath: { kubernetes: undefined, baseline: false },
  csi: { kubernetes: undefined, baseline: true },
  baked: { kubernetes: undefined, baseline: true },
};

type Own<Type extends DeliveryType> = Omit<Extract<Delivery, { type: Type }>, keyof Common>;

type Readers = {
  readonly [type in DeliveryType]: (delivery: Extract<DeliveryDocument, { type: type }>) => Own<type>;
};

const readers: Readers = {
  persistentVolumeClaim: ({ type, claimName }) => ({ type, claimName: parseTemplate(claimName) }),
  image: ({ type, image, pullPolicy: policy }) => ({ type, image: parseTemplate(image), pullPolicy: policy }),
  initContainer: ({ type, sizeLimit, medium, ...own }) => ({ type, copy: readCopy(own), sizeLimit, medium }),
  ephemeral: ({ type, storageClassName, size, ...own }) => ({
    type,
    copy: readCopy(own),
    storageClassName: optional(storageClassName),
    size,
  }),
  hostPath: ({ type, path: directory, hostPathType }) => ({ type, path: parseTemplate(directory), hostPathType }),
  csi: ({ type, driver, fsType, attributes }) => ({
    type,
    driver,
    fsType,
    attributes: new Map(Object.entries(attributes).map(([name, value]) => [name, parseTemplate(value)] as const)),
  }),
  baked: ({ type }) => ({ type }),
};

/** Takes the templates of a delivery apart. */
export function readDelivery(delivery: DeliveryDocument): Delivery {
  const common: Common = {
    name: delivery.name ?? delivery.type,
    os: delivery.os,
    pullSecret: optional('pullSecret' in delivery ? delivery.pullSecret : undefined),
    subPath: optional('subPath' in delivery ? delivery.subPath : undefined),
    readOnly: delivery.type === 'image' || ('readOnly' in delivery && delivery.readOnly),
  };
  // The table's type pairs every type with its documents and its deliveries; TypeScript cannot follow the pairing through an index.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const read = readers[delivery.type] as (document: DeliveryDocument) => Own<DeliveryType>;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is common and what is the type's own, together
  return { ...common, ...read(delivery) } as Delivery;
}

function optional(text: string | undefined): Template | undefined {
  return text === undefined ? undefined : parseTemplate(text);
}

function readCopy(delivery: Omit<Extract<DeliveryDocument, { command: string[] }>, 'type'>): Copy {
  const { pullPolicy: policy, copyTo, position, requests, limits } = delivery;
  const command = delivery.command.map(parseTemplate);
  return { image: parseTemplate(delivery.image), pullPolicy: policy, command, copyTo, position, requests, limits };
}

/** Every template of a delivery but what may be left out (subPath, pullSecret), with the field it is in: what must have a value before it can be used. */
export function templatesIn(delivery: Delivery): readonly (readonly [field: string, template: Template])[] {
  switch (delivery.type) {
    case 'persistentVolumeClaim':
      return [['claimName', delivery.claimName]];
    case 'image':
      return [['image', delivery.image]];
    case 'initContainer':
      return templatesInCopy(delivery.copy);
    case 'ephemeral': {
      const { storageClassName, copy: own } = delivery;
      return [...templatesInCopy(own), ...(storageClassName ? [['storageClassName', storageClassName] as const] : [])];
    }
    case 'hostPath':
      return [['path', delivery.path]];
    case 'csi':
      return [...delivery.attributes].map(([name, template]) => [`attributes.${name}`, template] as const);
    case 'baked':
      return [];
  }
}

function templatesInCopy(own: Copy): readonly (readonly [string, Template])[] {
  return [['image', own.image], ...own.command.map((word, index) => [`command[${index}]`, word] as const)];
}
