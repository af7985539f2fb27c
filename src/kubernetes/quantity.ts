import { isObject, type JsonObject } from '../lib/json.ts';

// k8s.io/apimachinery pkg/api/resource suffix.go
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^([+-]?(?:\d{1,18}(?:\.\d{0,9})?|\.\d{1,9}))(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/;

/** `100m`, `1.5`, `64Mi`, `1e3` or a number → the amount in cores, bytes or objects; undefined for anything else. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const match = typeof value === 'string' ? QUANTITY.exec(value) : null;
  if (!match) return undefined;
  const [, digits = '', exponent, suffix = ''] = match;
  if (exponent !== undefined) return Number(`${digits}${exponent}`);
  return Number(digits) * (SUFFIXES[suffix] ?? Number.NaN);
}

/** Formats an amount for the API server, rounded down to thousandths. The epsilon compensates for errors in sums of binary fractions. */
export function quantityText(amount: number, resource: 'cpu' | 'memory'): string {
  if (amount <= 0) return '0';
  const thousandths = Math.floor(amount * 1000 + 1e-6);
  if (resource === 'cpu' || thousandths % 1000 !== 0) return `${thousandths}m`;
  const bytes = thousandths / 1000;
  return bytes % MIB === 0 ? `${bytes / MIB}Mi` : String(bytes);
}

const MIB = 2 ** 20;

/**
 * The request or limit of a container or a pod in thousandths, to which the API server rounds up (k8s.io/kubernetes core/v1 defaults.go
 * SetDefaults_ResourceList).
 */
export function resourceMillis(
  { resources }: JsonObject,
  kind: 'requests' | 'limits',
  resource: string,
): number | undefined {
  const amounts = isObject(resources) ? resources[kind] : undefined;
  const amount = isObject(amounts) ? parseQuantity(amounts[resource]) : undefined;
  return amount === undefined ? undefined : roundedUpMillis(amount);
}

/** In thousandths, rounded up; the error of a sum of binary fractions does not count. */
export function roundedUpMillis(amount: number): number {
  return Math.ceil(amount * 1000 - 1e-6);
}
