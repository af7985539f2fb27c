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
  const [screen, ...parts] = path.split('/').map(decoded);
  const [first, second, third] = parts;
  const asked = new URLSearchParams(query);
  switch (screen) {
    case 'workloads':
      return { screen, filter: asked.get('filter') ?? '', sort: asked.get('sort') ?? '' };
    case 'workload':
      return first && second && third
        ? { screen, namespace: first, workload: `${second}/${third}` }
        : { screen: 'workloads', filter: first ?? '', sort: '' };
    case 'pod':
      return first && second
        ? { screen, namespace: first, name: second }
        : { screen: 'workloads', filter: first ?? '', sort: '' };
    case 'profiles':
      return { screen, name: first === '' ? undefined : first };
    case 'try':
    case 'now':
      return { screen };
    default:
      return { screen: 'needs' };
  }
}

export function addressOf(route: Route): string {
  switch (route.screen) {
    case 'workloads': {
      const asked = new URLSearchParams();
      if (route.filter !== '') asked.set('filter', route.filter);
      if (route.sort !== '') asked.set('sort', route.sort);
      return asked.size === 0 ? '#/workloads' : `#/workloads?${asked}`;
    }
    case 'workload':
      return pathOf(route.screen, route.namespace, ...splitWorkload(route.workload));
    case 'pod':
      return pathOf(route.screen, route.namespace, route.name);
    case 'profiles':
      return route.name === undefined ? '#/profiles' : pathOf(route.screen, route.name);
    case 'needs':
    case 'try':
    case 'now':
      return `#/${route.screen}`;
  }
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
