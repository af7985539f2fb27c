/**
 * What a terminal or a log would act on instead of showing it: control characters (escape sequences, line breaks), format characters (bidirectional
 * overrides, zero-width ones), halves of surrogate pairs, Unicode's own line breaks, and what is never shown (the runner of GitHub Actions, in .NET,
 * may ignore it before `::`). A tab, and the carriage return of a CRLF line, are text.
 */
const UNSAFE = /(?!\t|\r$)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu;

/**
 * Workflow commands in the log of a CI job: GitHub Actions takes `::command::` at the start of a line and `##[command]` anywhere in it
 * (actions/runner, ActionCommand.cs), Azure Pipelines `##vso[command]`, TeamCity `##teamcity[command]`.
 */
const AT_START = /^(\s*):(?=:)/;
const ANYWHERE = /#(?=#\w*\[)/g;

/** One line with everything that a terminal or a CI log would act on as an escape of JSON. */
export function printableLine(line: string): string {
  return line
    .replace(UNSAFE, escapeText)
    .replace(AT_START, String.raw`$1\u003a`)
    .replace(ANYWHERE, escapeText);
}

/** The same for a text of several lines. */
export function printableText(text: string): string {
  return text.split('\n').map(printableLine).join('\n');
}

/** The same within JSON, where strings have line breaks escaped already: the value does not change. */
export function printableJson(json: string): string {
  return json
    .replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu, escapeText)
    .replace(ANYWHERE, escapeText);
}

const SHORT: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\r': String.raw`\r` };

/** Whether a string can stand in YAML as it is. A line may be folded anywhere, so that `::` may come to stand at the start of one. */
export function isPrintableInYaml(text: string): boolean {
  return printableText(text) === text && !text.includes('::');
}

/** The same for YAML in which every string that is not printable has double quotes. Beyond the basic plane, YAML wants the whole code point. */
export function printableYaml(yaml: string): string {
  const escaped = yaml
    .replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu, escapeInYaml)
    .replace(ANYWHERE, escapeText);
  return escaped.replaceAll(/^(\s*):(?=:)/gm, String.raw`$1\u003a`);
}

export function escapeInYaml(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : escapeText(character);
}

/** By code units, as in JSON: a character outside of the basic plane has two. */
function escapeText(text: string): string {
  const codes = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return SHORT[text] ?? codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
}
