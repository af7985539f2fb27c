import { printableText } from '../../lib/printable.ts';

/** A text of the cluster with what a browser would act on instead of showing it: overrides of the direction, and what has no width, stand as escapes. */
export function shown(text: string | undefined): string {
  return text === undefined ? '' : printableText(text);
}

/** Words of the server, which are English in every language of the page. */
export function ServerText({ text }: { readonly text: string }) {
  return (
    <span lang="en" dir="auto">
      {shown(text)}
    </span>
  );
}
