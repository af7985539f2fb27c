import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** A worked example of a page: files, the command line without the program's name, and the lines that it prints. */
export interface Example {
  readonly title: string;
  readonly kind: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly args: readonly string[];
  readonly output: string;
}

/** The examples of docs/explain.md, in order. */
export function examplesOf(page: string): readonly Example[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .flatMap((section): readonly Example[] => {
      const kind = /<!-- example: (\w+) -->/.exec(section)?.[1];
      if (kind === undefined) return [];
      const [, command = ''] = /```sh\nagent-injector (.*)\n```/.exec(section) ?? [];
      const [, output = ''] = /```text\n([\s\S]*?)```/.exec(section) ?? [];
      const files = [...section.matchAll(/```yaml\n(# (\S+\.yaml)\n[\s\S]*?)```/g)].map(
        ([, content = '', name = '']) => ({
          name,
          text: content,
        }),
      );
      return [{ title: section.split('\n')[0] ?? '', kind, files, args: command.split(' '), output }];
    });
}

/** Each line of the page is printed, in that order; `…` stands for any lines, and without it nothing may come between two. */
export function expectPrinted(printed: string, { output }: Example): void {
  const blocks = output.split(/^…$/m).map((block) => block.replaceAll(/^\n|\n$/g, ''));
  let at = 0;
  for (const block of blocks) {
    if (block === '') continue;
    const found = printed.indexOf(block, at);
    expect(found, `not printed, or not in this order:\n${block}\n\nin:\n${printed}`).toBeGreaterThanOrEqual(0);
    at = found + block.length;
  }
}
