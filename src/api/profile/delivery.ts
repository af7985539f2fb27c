import * as z from 'zod';
import { deliveryKinds } from '../delivery-kinds.ts';
import { exactlyOne } from './exactly-one.ts';
import { absolutePath, quantitySchema as quantity, relativePath } from './scalars.ts';

const shared = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,63}$/, 'must be 1 to 63 letters, digits and dashes')
    .optional()
    .describe('Name to use in the delivery annotation. Default: the kind.'),
  os: z
    .array(z.enum(['linux', 'windows']))
    .min(1)
    .optional()
    .describe('Operating systems of pods that can use it. Default: those of the profile.'),
};

const part = relativePath
  .optional()
  .describe('Directory within the volume. Omitted while a parameter in it has no value.');

const readOnly = (fallback: boolean) => z.boolean().default(fallback).describe('The container cannot write there.');

const pullPolicy = z
  .enum(['Always', 'IfNotPresent', 'Never'])
  .default('IfNotPresent')
  .describe('When the node pulls the image.');

const positionSchema = z.union([z.enum(['first', 'last']), z.strictObject({ before: z.string().min(1) })]);

const resourcesSchema = z.strictObject({ cpu: quantity, memory: quantity });

/** The fields of an init container's security context that a profile can leave to the cluster. */
const omittable = ['runAsUser', 'seccompProfile'] as const;

export type OmittedField = (typeof omittable)[number];

const copy = {
  image: z.string().min(1).describe("Image that contains the agent's files."),
  pullPolicy,
  pullSecret: z
    .string()
    .min(1)
    .optional()
    .describe('Secret for pulling the image, added to the imagePullSecrets of the pod.'),
  command: z.array(z.string()).min(1).describe('Copies the files to copyTo, without a shell unless it names one.'),
  copyTo: absolutePath.default('/agent').describe('Where the volume for the app is mounted in the init container.'),
  position: positionSchema.default('first').describe('Position among the init containers.'),
  requests: resourcesSchema
    .default({ cpu: '10m', memory: '32Mi' })
    .describe('Requests of the init container, never more than the pod requests anyway.'),
  limits: resourcesSchema.default({ cpu: '200m', memory: '128Mi' }).describe('Limits of the init container.'),
  securityContext: z
    .strictObject({
      omit: z
        .array(z.enum(omittable))
        .min(1)
        .describe(
          'runAsUser: no user where the pod names none, instead of 65532. seccompProfile: none, instead of RuntimeDefault. Both are for clusters that set them ' +
            'themselves, such as OpenShift. Elsewhere, an image that runs as root does not start without a user, and Pod Security restricted refuses the pod without ' +
            'a profile.',
        ),
    })
    .optional()
    .describe('What the security context of the init container leaves to the cluster.'),
};

const one = exactlyOne(...deliveryKinds);

export const deliverySchema = z
  .strictObject({
    ...shared,
    persistentVolumeClaim: z
      .strictObject({
        claimName: z.string().min(1).describe('Name of the claim, in the namespace of the pod.'),
        subPath: part,
        readOnly: readOnly(false),
      })
      .optional()
      .describe('An existing claim with the files on it.'),
    image: z
      .strictObject({ reference: copy.image, pullPolicy, pullSecret: copy.pullSecret, subPath: part })
      .optional()
      .describe(
        'An OCI image as a volume. Kubernetes 1.35 or later, and only if every node can mount it, a setting says so or nothing else is listed.',
      ),
    initContainer: z
      .strictObject({
        ...copy,
        sizeLimit: quantity.default('300Mi').describe('Size limit of the emptyDir.'),
        medium: z
          .enum(['', 'Memory'])
          .default('')
          .describe('Medium of the emptyDir: "" for the disk of the node, or Memory.'),
        readOnly: readOnly(false),
      })
      .optional()
      .describe('An init container copies the files into an emptyDir.'),
    ephemeral: z
      .strictObject({
        ...copy,
        storageClassName: z.string().min(1).optional().describe('Default: the default StorageClass of the cluster.'),
        size: quantity.default('1Gi').describe('Storage that the claim requests.'),
        readOnly: readOnly(false),
      })
      .optional()
      .describe('Like initContainer, but into a generic ephemeral volume: a claim that lives as long as the pod.'),
    hostPath: z
      .strictObject({
        path: z.string().min(1).describe('Path on the node. A parameter in it must be of type path or version.'),
        type: z
          .enum(['DirectoryOrCreate', 'Directory'])
          .default('DirectoryOrCreate')
          .describe('With Directory, the kubelet does not start the pod until the directory exists.'),
        subPath: part,
        readOnly: readOnly(true),
      })
      .optional()
      .describe('A directory on the node. Pod Security levels baseline and restricted forbid it.'),
    csi: z
      .strictObject({
        driver: z.string().min(1).describe('Name of the driver.'),
        fsType: z.string().optional().describe('File system type for the driver.'),
        volumeAttributes: z.record(z.string(), z.string()).default({}).describe('Volume attributes for the driver.'),
        subPath: part,
        readOnly: readOnly(true),
      })
      .optional()
      .describe('A volume that a CSI driver creates for the pod.'),
    preinstalled: z
      .strictObject({})
      .optional()
      .describe("The agent is already in the app's image; only the environment is set."),
  })
  .refine(one.check, one.rule)
  .meta(one.jsonSchema);

export type DeliveryDocument = z.infer<typeof deliverySchema>;

export type Position = z.infer<typeof positionSchema>;

export type Resources = z.infer<typeof resourcesSchema>;
