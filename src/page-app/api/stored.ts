/** A choice of the user, from an earlier visit. A browser may refuse to keep anything: then there is none. */
export function readStored(name: string): string | undefined {
  try {
    return localStorage.getItem(`agent-injector.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(`agent-injector.${name}`, value);
  } catch {
    // The choice lasts as long as the page.
  }
}

const TOKEN = 'agent-injector.token';

/** The token of this tab. */
export function readToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN) ?? undefined;
  } catch {
    return undefined;
  }
}

export function storeToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  } catch {
    // It lasts as long as the page.
  }
}
