import type { Container } from '../../src/kubernetes/pod.ts';
import type { Surroundings } from './kubelet.ts';

/** A source of the author's own value of a variable. */
export interface Way {
  readonly name: string;
  /** Fields that the author writes into the container. */
  readonly container: (variable: string, value: string) => Partial<Container>;
  readonly annotations: (value: string) => Readonly<Record<string, string>>;
  readonly configMaps: (variable: string, value: string) => NonNullable<Surroundings['configMaps']>;
}

const CONFIG_MAP = 'shop-settings';
const ANNOTATION = 'shop.example.com/options';
const nothing = { container: () => ({}), annotations: () => ({}), configMaps: () => new Map<string, never>() };

export const ways: readonly Way[] = [
  { ...nothing, name: 'none' },
  { ...nothing, name: 'value', container: (name, value) => ({ env: [{ name, value }] }) },
  {
    ...nothing,
    name: 'fieldRef',
    container: (name) => ({
      env: [{ name, valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${ANNOTATION}']` } } }],
    }),
    annotations: (value) => ({ [ANNOTATION]: value }),
  },
  {
    ...nothing,
    name: 'configMapKeyRef',
    container: (name) => ({ env: [{ name, valueFrom: { configMapKeyRef: { name: CONFIG_MAP, key: 'options' } } }] }),
    configMaps: (_, value) => new Map([[CONFIG_MAP, { options: value }]]),
  },
  {
    ...nothing,
    name: 'envFrom',
    container: () => ({ envFrom: [{ configMapRef: { name: CONFIG_MAP } }] }),
    configMaps: (name, value) => new Map([[CONFIG_MAP, { [name]: value }]]),
  },
];
