import { useEffect, useState } from 'preact/hooks';
import { type Loaded, read } from './client.ts';
import { revision } from './store.ts';

/** What an address answers, read again when the cluster changes. What was read stays in view until the new answer is there. */
export function useResource<Value>(path: string): Loaded<Value> & { readonly retry: () => void } {
  const [loaded, setLoaded] = useState<Loaded<Value> & { readonly path?: string }>({ state: 'loading' });
  const [attempt, setAttempt] = useState(0);
  const seen = revision.value;
  useEffect(() => {
    const end = new AbortController();
    read<Value>(path, end.signal).then(
      (answer) =>
        setLoaded((before) => {
          const isAway = answer.state === 'failed' && answer.failure.kind === 'away';
          return isAway && before.state === 'ready' && before.path === path ? before : { ...answer, path };
        }),
      () => {
        // Aborted: another answer is awaited.
      },
    );
    return () => end.abort();
  }, [path, seen, attempt]);
  const current = loaded.path === path ? loaded : ({ state: 'loading' } as const);
  return { ...current, retry: () => setAttempt((before) => before + 1) };
}
