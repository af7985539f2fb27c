import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder that test/neighbours/build fills. */
export const BUILT: string =
  process.env['NEIGHBOURS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'agent-injector', 'neighbours');

/** True if the program was built. Otherwise one line says that the tests beside it are skipped, or what takes its place. */
export function isBuilt(program: string, product: string, without = 'its tests are skipped'): boolean {
  const found = existsSync(join(BUILT, program));
  if (!found)
    console.log(
      `neighbours: ${product}: ${without}: no ${program} in ${BUILT} (test/neighbours/build DIR CLONES builds it)`,
    );
  return found;
}
