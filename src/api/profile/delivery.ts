import * as z from 'zod';
import { absolutePath, quantitySchema as quantity, relativePath } from './scalars.ts';

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

export type Resources = z.infer<typeof resourcesSchema>;
