/** Pads the cells of each column. Cells longer than `longest` stand out, so that one of them does not widen the whole table. */
export function formatTable(rows: readonly (readonly string[])[], longest = Infinity): readonly string[] {
  const widthOf = (column: number): number =>
    Math.max(0, ...rows.map((cells) => cells[column]?.length ?? 0).filter((length) => length <= longest));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widthOf(column)))
      .join('  ')
      .trimEnd(),
  );
}

/** `1 pod`, `2 pods`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

export function indent(line: string): string {
  return `  ${line}`;
}

/** An empty line, a title with a colon, and the lines indented; nothing if there are no lines. */
export function formatSection(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map(indent)];
}
