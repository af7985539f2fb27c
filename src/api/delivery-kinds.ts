// Without the schema: a server that starts does not load it.

export const PREINSTALLED = 'preinstalled';

/** What it was called: a kind of deliveries, and the default name of one. */
export const BAKED = 'baked';

/** A delivery has one member of these, as a VolumeSource. */
export const deliveryKinds = [
  'persistentVolumeClaim',
  'image',
  'initContainer',
  'ephemeral',
  'hostPath',
  'csi',
  PREINSTALLED,
] as const;

export type DeliveryKind = (typeof deliveryKinds)[number];
