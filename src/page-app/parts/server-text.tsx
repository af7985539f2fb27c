/** Words of the server, which are English in every language of the page. */
export function ServerText({ text }: { readonly text: string }) {
  return (
    <span lang="en" dir="auto">
      {text}
    </span>
  );
}
