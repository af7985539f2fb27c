import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** An example of a page: files, the arguments of the command, and its output. */
export interface Example {
  readonly title: string;
  readonly kind: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly args: readonly string[];
  readonly output: string;
}

/** The examples of a page in docs/, in order. */
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

/** Asserts that each line of the example is printed in this order. `…` stands for any lines. */
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
