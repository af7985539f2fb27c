import { dispatch } from '../lib/dispatch.ts';
import type { DeliveryDocument, OmittedField, Position, Resources } from '../api/profile/delivery.ts';
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
    | { readonly type: 'persistentVolumeClaim'; readonly claimName: Template }
    | { readonly type: 'image'; readonly image: Template; readonly pullPolicy: string }
    | { readonly type: 'initContainer'; readonly copy: CopyStep; readonly sizeLimit: string; readonly medium: string }
    | {
        readonly type: 'ephemeral';
        readonly copy: CopyStep;
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

/** Requirements of each type: the minimum version of the API server; `baseline` if the Pod Security level of that name allows it. */
export const deliveryNeeds: {
  readonly [type in DeliveryType]: { readonly kubernetes: KubernetesVersion | undefined; readonly baseline: boolean };
} = {
  persistentVolumeClaim: { kubernetes: undefined, baseline: true },
  // Enabled by default since this version (k8s.io/kubernetes pkg/features ImageVolume); older API servers drop the field and reject the pod.
  image: { kubernetes: { major: 1, minor: 35 }, baseline: true },
  initContainer: { kubernetes: undefined, baseline: true },
  ephemeral: { kubernetes: undefined, baseline: true },
  // k8s.io/pod-security-admission policy/check_hostPathVolumes.go
  hostPath: { kubernetes: undefined, baseline: false },
  csi: { kubernetes: undefined, baseline: true },
  baked: { kubernetes: undefined, baseline: true },
};

type Own<Type extends DeliveryType> = Omit<Extract<Delivery, { type: Type }>, keyof Common>;

type Parsers = {
  readonly [type in DeliveryType]: (delivery: Extract<DeliveryDocument, { type: type }>) => Own<type>;
};

const parsers: Parsers = {
  persistentVolumeClaim: ({ type, claimName }) => ({ type, claimName: parseTemplate(claimName) }),
  image: ({ type, image, pullPolicy: policy }) => ({ type, image: parseTemplate(image), pullPolicy: policy }),
  initContainer: ({ type, sizeLimit, medium, ...own }) => ({ type, copy: parseCopyStep(own), sizeLimit, medium }),
  ephemeral: ({ type, storageClassName, size, ...own }) => ({
    type,
    copy: parseCopyStep(own),
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

export function parseDelivery(delivery: DeliveryDocument): Delivery {
  const common: Common = {
    name: delivery.name ?? delivery.type,
    os: delivery.os,
    pullSecret: optional('pullSecret' in delivery ? delivery.pullSecret : undefined),
    subPath: optional('subPath' in delivery ? delivery.subPath : undefined),
    readOnly: delivery.type === 'image' || ('readOnly' in delivery && delivery.readOnly),
  };
  const own: Own<DeliveryType> = dispatch(parsers, 'type', delivery);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- common fields and those of the type are all fields
  return { ...common, ...own } as Delivery;
}

function optional(text: string | undefined): Template | undefined {
  return text === undefined ? undefined : parseTemplate(text);
}

function parseCopyStep(delivery: Omit<Extract<DeliveryDocument, { command: string[] }>, 'type'>): CopyStep {
  const { pullPolicy: policy, copyTo, position, requests, limits, securityContext } = delivery;
  const omitted = new Set(securityContext?.omit);
  const command = delivery.command.map(parseTemplate);
  const image = parseTemplate(delivery.image);
  return { image, pullPolicy: policy, command, copyTo, position, requests, limits, omitted };
}

/** The templates of a delivery, with their fields, that need a value before it can be used: all but subPath and pullSecret. */
export function requiredTemplates(delivery: Delivery): readonly (readonly [field: string, template: Template])[] {
  switch (delivery.type) {
    case 'persistentVolumeClaim':
      return [['claimName', delivery.claimName]];
    case 'image':
      return [['image', delivery.image]];
    case 'initContainer':
      return templatesInStep(delivery.copy);
    case 'ephemeral': {
      const { storageClassName, copy } = delivery;
      return [...templatesInStep(copy), ...(storageClassName ? [['storageClassName', storageClassName] as const] : [])];
    }
    case 'hostPath':
      return [['path', delivery.path]];
    case 'csi':
      return [...delivery.attributes].map(([name, template]) => [`attributes.${name}`, template] as const);
    case 'baked':
      return [];
  }
}

function templatesInStep(step: CopyStep): readonly (readonly [string, Template])[] {
  return [['image', step.image], ...step.command.map((word, index) => [`command[${index}]`, word] as const)];
}
