import type { ImageDescription } from '../diagnostics/image-facts.ts';
import type { ImageConfig } from './documents.ts';

/** An image's config as the description that facts are read from. Docker leaves out what is empty. */
export function describeConfig({ config, history }: ImageConfig): ImageDescription {
  return {
    environment: (config?.Env ?? []).flatMap((assignment) => {
      const at = assignment.indexOf('=');
      return at < 1 ? [] : [{ name: assignment.slice(0, at), value: assignment.slice(at + 1) }];
    }),
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    user: config?.User ?? '',
    history: (history ?? []).flatMap(({ created_by: step }) => (step ? [step] : [])),
    labels: config?.Labels ?? {},
  };
}
