import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** A profile document as text: small and valid, with these changes in its spec. */
export function profileText(name: string, spec: Record<string, unknown> = {}): string {
  const small = {
    vendor: 'Example',
    description: 'An example.',
    constraints: { os: ['linux'] },
    deliveries: [{ preinstalled: {} }],
    environment: [{ name: 'A', value: '1' }],
  };
  return stringify({
    apiVersion: 'agent-injector.io/v1alpha1',
    kind: 'AgentProfile',
    metadata: { name },
    spec: 'extends' in spec ? spec : { ...small, ...spec },
  });
}

export interface Mounted {
  readonly dir: string;
  /** Replaces all files at once like the kubelet: a new directory, and a link that is moved to it. */
  readonly swap: (files: Readonly<Record<string, string>>) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** A directory like the kubelet's for a ConfigMap (k8s.io/kubernetes pkg/volume/util/atomic_writer.go). */
export async function mountedDirectory(files: Readonly<Record<string, string>>): Promise<Mounted> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-injector-mounted-'));
  let version = 0;
  let before: string | undefined;
  const shown = new Set<string>();
  const swap: Mounted['swap'] = async (next) => {
    const data = join(dir, `..2026_${(version += 1)}`);
    await mkdir(data);
    for (const [name, text] of Object.entries(next)) await writeFile(join(data, name), text);
    await symlink(data, join(dir, '..data_tmp'));
    await rename(join(dir, '..data_tmp'), join(dir, '..data'));
    for (const name of Object.keys(next)) if (!shown.has(name)) await symlink(join('..data', name), join(dir, name));
    for (const name of shown) if (!(name in next)) await rm(join(dir, name));
    shown.clear();
    for (const name of Object.keys(next)) shown.add(name);
    if (before !== undefined) await rm(before, { recursive: true });
    before = data;
  };
  await swap(files);
  return { dir, swap, remove: () => rm(dir, { recursive: true }) };
}
