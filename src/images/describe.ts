import type { ImageDescription } from './facts.ts';
import type { ImageConfig } from './documents.ts';

/** An image's config as the description that facts are read from. Docker leaves out what is empty. */
export function describeConfig({ config, history }: ImageConfig): ImageDescription {
  const { Env, Entrypoint, Cmd, User, WorkingDir, Labels } = config ?? {};
  return {
    environment: (Env ?? []).flatMap(variableOf),
    entrypoint: Entrypoint ?? [],
    cmd: Cmd ?? [],
    user: User ?? '',
    workingDir: WorkingDir ?? '',
    history: (history ?? []).flatMap(({ created_by: step }) => step ?? []),
    labels: Labels ?? {},
  };
}

function variableOf(assignment: string): ImageDescription['environment'] {
  const at = assignment.indexOf('=');
  return at < 1 ? [] : [{ name: assignment.slice(0, at), value: assignment.slice(at + 1) }];
}
