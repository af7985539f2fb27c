/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Inline code, whatever backticks the text has. */
export function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  return text === '' ? '' : `${fence}${text.replaceAll('\n', ' ')}${fence}`;
}

/** Turns URLs into links. */
export function linked(text: string): string {
  return text.replaceAll(/https?:\/\/[^\s)]+/g, (url) => `<${url}>`);
}

/** The code blocks of a page in this language, in order. */
export function blocksIn(page: string, language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );
}
