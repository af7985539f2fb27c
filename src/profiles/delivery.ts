import { dispatchMember, type MemberTable } from '../lib/dispatch.ts';
import type { DeliveryDocument, OmittedField, Position, Resources } from '../api/profile/delivery.ts';
import type { DeliveryKind } from '../api/delivery-kinds.ts';
import type { KubernetesVersion } from '../kubernetes/version.ts';
import { parseTemplate, type Template } from './template.ts';

export interface CopyStep {
  readonly image: Template;
  readonly pullPolicy: string;
  readonly command: readonly Template[];
  readonly copyTo: string;
  readonly position: Position;
  readonly requests: Resources;
  readonly limits: Resources;
  /** Left out of the security context of the init container. */
  readonly omitted: ReadonlySet<OmittedField>;
}

interface Common {
  readonly name: string;
  readonly os: readonly string[] | undefined;
  readonly pullSecret: Template | undefined;
  readonly subPath: Template | undefined;
  readonly readOnly: boolean;
}

export type Delivery = Common &
  (
    | { readonly kind: 'persistentVolumeClaim'; readonly claimName: Template }
    | { readonly kind: 'image'; readonly reference: Template; readonly pullPolicy: string }
    | { readonly kind: 'initContainer'; readonly copy: CopyStep; readonly sizeLimit: string; readonly medium: string }
    | {
        readonly kind: 'ephemeral';
        readonly copy: CopyStep;
        readonly storageClassName: Template | undefined;
        readonly size: string;
      }
    | { readonly kind: 'hostPath'; readonly path: Template; readonly pathType: string }
    | {
        readonly kind: 'csi';
        readonly driver: string;
        readonly fsType: string | undefined;
        readonly attributes: ReadonlyMap<string, Template>;
      }
    | { readonly kind: 'preinstalled' }
  );

/** Requirements of each kind: the minimum version of the API server; `baseline` if the Pod Security level of that name allows it. */
export const deliveryNeeds: {
  readonly [kind in DeliveryKind]: { readonly kubernetes: KubernetesVersion | undefined; readonly baseline: boolean };
} = {
  persistentVolumeClaim: { kubernetes: undefined, baseline: true },
  // Enabled by default since this version (k8s.io/kubernetes pkg/features ImageVolume); older API servers drop the field and reject the pod.
  image: { kubernetes: { major: 1, minor: 35 }, baseline: true },
  initContainer: { kubernetes: undefined, baseline: true },
  ephemeral: { kubernetes: undefined, baseline: true },
  // k8s.io/pod-security-admission policy/check_hostPathVolumes.go
  hostPath: { kubernetes: undefined, baseline: false },
  csi: { kubernetes: undefined, baseline: true },
  preinstalled: { kubernetes: undefined, baseline: true },
};

type Own = { readonly [kind in DeliveryKind]: Omit<Extract<Delivery, { kind: kind }>, keyof Common> }[DeliveryKind];

const parsers: MemberTable<Pick<DeliveryDocument, DeliveryKind>, Own> = {
  persistentVolumeClaim: ({ claimName }) => ({
    kind: 'persistentVolumeClaim',
    claimName: parseTemplate(claimName),
  }),
  image: ({ reference, pullPolicy }) => ({ kind: 'image', reference: parseTemplate(reference), pullPolicy }),
  initContainer: ({ sizeLimit, medium, ...own }) => ({
    kind: 'initContainer',
    copy: parseCopyStep(own),
    sizeLimit,
    medium,
  }),
  ephemeral: ({ storageClassName, size, ...own }) => ({
    kind: 'ephemeral',
    copy: parseCopyStep(own),
    storageClassName: optional(storageClassName),
    size,
  }),
  hostPath: ({ path: directory, type }) => ({ kind: 'hostPath', path: parseTemplate(directory), pathType: type }),
  csi: ({ driver, fsType, volumeAttributes }) => ({
    kind: 'csi',
    driver,
    fsType,
    attributes: new Map(Object.entries(volumeAttributes).map(([name, value]) => [name, parseTemplate(value)] as const)),
  }),
  preinstalled: () => ({ kind: 'preinstalled' }),
};

export function parseDelivery({ name, os, ...members }: DeliveryDocument): Delivery {
  const own = dispatchMember(parsers, members);
  const fields = members[own.kind] ?? {};
  const common: Common = {
    name: name ?? own.kind,
    os,
    pullSecret: optional('pullSecret' in fields ? fields.pullSecret : undefined),
    subPath: optional('subPath' in fields ? fields.subPath : undefined),
    readOnly: own.kind === 'image' || ('readOnly' in fields && fields.readOnly),
  };
  return { ...common, ...own };
}

function optional(text: string | undefined): Template | undefined {
  return text === undefined ? undefined : parseTemplate(text);
}

type CopyDocument = Omit<NonNullable<DeliveryDocument['initContainer']>, 'sizeLimit' | 'medium'>;

function parseCopyStep(delivery: CopyDocument): CopyStep {
  const { pullPolicy: policy, copyTo, position, requests, limits, securityContext } = delivery;
  const omitted = new Set(securityContext?.omit);
  const command = delivery.command.map(parseTemplate);
  const image = parseTemplate(delivery.image);
  return { image, pullPolicy: policy, command, copyTo, position, requests, limits, omitted };
}

/** The image that holds the files of the agent. */
export function imageOfDelivery(delivery: Delivery): Template | undefined {
  if (delivery.kind === 'image') return delivery.reference;
  return 'copy' in delivery ? delivery.copy.image : undefined;
}

/** The templates of a delivery, with their fields, that need a value before it can be used: all but subPath and pullSecret. */
export function requiredTemplates(delivery: Delivery): readonly (readonly [field: string, template: Template])[] {
  switch (delivery.kind) {
    case 'persistentVolumeClaim':
      return [['claimName', delivery.claimName]];
    case 'image':
      return [['reference', delivery.reference]];
    case 'initContainer':
      return templatesInStep(delivery.copy);
    case 'ephemeral': {
      const { storageClassName, copy } = delivery;
      return [...templatesInStep(copy), ...(storageClassName ? [['storageClassName', storageClassName] as const] : [])];
    }
    case 'hostPath':
      return [['path', delivery.path]];
    case 'csi':
      return [...delivery.attributes].map(([name, template]) => [`volumeAttributes.${name}`, template] as const);
    case 'preinstalled':
      return [];
  }
}

function templatesInStep(step: CopyStep): readonly (readonly [string, Template])[] {
  return [['image', step.image], ...step.command.map((word, index) => [`command[${index}]`, word] as const)];
}
