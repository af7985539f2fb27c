import type { Completion } from './candidates.ts';

const TIMEOUT_MS = 2_000;

/** The words that only the cluster or the catalogue knows. Never throws: a completion has no place for an error. */
export async function knownWords(kind: Completion['kind'], words: readonly string[]): Promise<readonly string[]> {
  try {
    return await Promise.race([wordsOf(kind, words), nothingAfter(TIMEOUT_MS)]);
  } catch {
    return [];
  }
}

async function wordsOf(kind: Completion['kind'], words: readonly string[]): Promise<readonly string[]> {
  switch (kind) {
    case 'profiles': {
      const { builtInCatalogue } = await import('../../profile-sources/builtin.ts');
      return [...builtInCatalogue().profiles.keys()].toSorted();
    }
    case 'reasons': {
      const { reasonTable } = await import('../../reasons/reason-table.ts');
      return Object.keys(reasonTable);
    }
    case 'namespaces':
      return namespaceNames(words);
    case 'contexts': {
      const { userContexts } = await import('../../server/cluster.ts');
      return userContexts({ kubeconfig: flagIn(words, '--kubeconfig') });
    }
    case 'workloads':
      return workloadNames(words);
    case 'words':
    case 'files':
    case 'directories':
      return [];
  }
}

async function namespaceNames(words: readonly string[]): Promise<readonly string[]> {
  const { openUserCluster } = await import('../../server/cluster.ts');
  const { readNamespaceList } = await import('../cluster/namespaces.ts');
  const client = await openUserCluster(clusterIn(words));
  return [...(await readNamespaceList(client)).keys()];
}

/** `deploy/web` and the kinds, as kubectl completes both. */
async function workloadNames(words: readonly string[]): Promise<readonly string[]> {
  const { workloadKindNamed, workloadKinds } = await import('../../kubernetes/workload.ts');
  const current = words.at(-1) ?? '';
  const slash = current.indexOf('/');
  const kinds = [...new Set(workloadKinds.flatMap(({ plural, short }) => [plural, ...short]))];
  if (slash < 0) return kinds.map((one) => `${one}/`);
  const kind = workloadKindNamed(current.slice(0, slash));
  if (!kind) return [];
  const { openUserCluster, userNamespace } = await import('../../server/cluster.ts');
  const { readWorkloads } = await import('../cluster/reader.ts');
  const { objectIn, textIn } = await import('../../lib/json.ts');
  const flags = clusterIn(words);
  const namespace = flagIn(words, '-n', '--namespace') ?? (await userNamespace(flags));
  const names: string[] = [];
  await readWorkloads(await openUserCluster(flags), kind, { namespace }, async (items) => {
    names.push(...items.map((item) => `${current.slice(0, slash)}/${textIn(objectIn(item, 'metadata'), 'name')}`));
  });
  return names;
}

function clusterIn(words: readonly string[]): {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
} {
  return { kubeconfig: flagIn(words, '--kubeconfig'), context: flagIn(words, '--context') };
}

function flagIn(words: readonly string[], ...names: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    if (names.includes(word)) return words[index + 1];
    const name = names.find((one) => word.startsWith(`${one}=`));
    if (name !== undefined) return word.slice(name.length + 1);
  }
  return undefined;
}

function nothingAfter(milliseconds: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    setTimeout(() => resolve([]), milliseconds).unref();
  });
}
