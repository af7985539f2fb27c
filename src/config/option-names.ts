/** `adminPort` → `admin-port`, the flag without its dashes. */
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `adminPort` → `AGENT_INJECTOR_ADMIN_PORT`. */
export function variableOf(name: string): string {
  return `AGENT_INJECTOR_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
}
