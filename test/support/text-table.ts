const MAX_CELL_LENGTH = 100;

/** Rows as lines of aligned columns. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<readonly number[]>(
    (most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Text of any program as one cell: printable, and of bounded length. */
export function cellOf(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x7e]+/g, '.').trim();
  return printable.length > MAX_CELL_LENGTH ? `${printable.slice(0, MAX_CELL_LENGTH)}…` : printable;
}
