/** What the part of the address after `#` says. Every screen has an address, so that it can be bookmarked, sent, and left by "back". */
export type Route =
  | { readonly screen: 'needs' }
  | { readonly screen: 'workloads'; readonly filter: string; readonly sort: string }
  | { readonly screen: 'workload'; readonly namespace: string; readonly workload: string }
  | { readonly screen: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly screen: 'profiles'; readonly name: string | undefined }
  | { readonly screen: 'try' }
  | { readonly screen: 'now' };

export type Screen = Route['screen'];

/** The screens of the navigation, in its order. */
export const MAIN_SCREENS = ['needs', 'workloads', 'profiles', 'try', 'now'] as const satisfies readonly Screen[];

/** An address that says nothing known leads to the first screen. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [screen = '', ...parts] = path.split('/').map(decoded);
  const reader = readers.get(screen);
  return reader ? reader(parts, new URLSearchParams(query)) : { screen: 'needs' };
}

type Reader = (parts: readonly string[], asked: URLSearchParams) => Route;

const readers: ReadonlyMap<string, Reader> = new Map<Screen, Reader>([
  ['workloads', (_, asked) => listOf(asked.get('filter') ?? '', asked.get('sort') ?? '')],
  [
    'workload',
    ([namespace = '', kind = '', name = '']) =>
      namespace && kind && name ? { screen: 'workload', namespace, workload: `${kind}/${name}` } : listOf(namespace),
  ],
  [
    'pod',
    ([namespace = '', name = '']) => (namespace && name ? { screen: 'pod', namespace, name } : listOf(namespace)),
  ],
  ['profiles', ([name]) => ({ screen: 'profiles', name: name === '' ? undefined : name })],
  ['try', () => ({ screen: 'try' })],
  ['now', () => ({ screen: 'now' })],
]);

function listOf(filter: string, sort = ''): Route {
  return { screen: 'workloads', filter, sort };
}

export function addressOf(route: Route): string {
  switch (route.screen) {
    case 'workloads':
      return addressOfList(route);
    case 'workload':
      return pathOf(route.screen, route.namespace, ...splitWorkload(route.workload));
    case 'pod':
      return pathOf(route.screen, route.namespace, route.name);
    case 'profiles':
      return pathOf(route.screen, ...(route.name === undefined ? [] : [route.name]));
    case 'needs':
    case 'try':
    case 'now':
      return pathOf(route.screen);
  }
}

function addressOfList({ filter, sort }: { readonly filter: string; readonly sort: string }): string {
  const asked = new URLSearchParams();
  if (filter !== '') asked.set('filter', filter);
  if (sort !== '') asked.set('sort', sort);
  return asked.size === 0 ? pathOf('workloads') : `${pathOf('workloads')}?${asked}`;
}

/** The screen of the navigation that a route belongs to. */
export function mainScreenOf({ screen }: Route): (typeof MAIN_SCREENS)[number] {
  return screen === 'workload' || screen === 'pod' ? 'workloads' : screen;
}

/** `Deployment/web`: a name has no slash, and neither has a kind. */
function splitWorkload(workload: string): readonly string[] {
  const at = workload.indexOf('/');
  return at < 0 ? [workload, ''] : [workload.slice(0, at), workload.slice(at + 1)];
}

function pathOf(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

/** A malformed escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
