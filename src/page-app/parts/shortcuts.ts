/** The id of the field that `/` leads to, on each screen that has one. */
export const FILTER_ID = 'filter';

export function startShortcuts(): void {
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    const field = document.getElementById(FILTER_ID);
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName))
  );
}
