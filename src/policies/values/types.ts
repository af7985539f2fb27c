import type { Parameter } from '../../api/profile/parameter.ts';
import { dispatch } from '../../lib/dispatch.ts';
import type { Profile } from '../../profiles/profile.ts';
import { separatorsFor } from '../../profiles/variables/list-values.ts';
import { allOf, anyOf, BLANK, type Cel, matchesGlobOf, quoted, quotedList } from '../cel.ts';

// The types of parameters, as profiles/parameter.ts has them. RE2 repeats at most 1000 times and has no lookahead, so lengths stand beside patterns.

type Check = (text: Cel) => Cel;

const matching =
  (pattern: string): Check =>
  (text) =>
    `${text}.matches(${quoted(pattern)})`;

const HOST_NAME = matching(
  String.raw`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$`,
);
const BYTE = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const IPV4 = String.raw`${BYTE}(\.${BYTE}){3}`;

/** All places where `::` can be, with and without an IPv4 address at the end. */
const IPV6 = [false, true]
  .flatMap((hasIpv4) => {
    const pieces = hasIpv4 ? 6 : 8;
    const end = hasIpv4 ? IPV4 : '';
    const piece = '[0-9A-Fa-f]{1,4}';
    const whole = hasIpv4 ? `(${piece}:){6}${end}` : `(${piece}:){7}${piece}`;
    const short = Array.from({ length: pieces }, (_, before) => {
      const after = pieces - 1 - before;
      const head = before === 0 ? ':' : `(${piece}:){${before}}`;
      if (hasIpv4) return after === 0 ? `${head}:${end}` : `${head}:(${piece}:){0,${after}}${end}`;
      return after === 0 ? `${head}:` : `${head}:(${piece}(:${piece}){0,${after - 1}})?`;
    });
    return [whole, ...short];
  })
  .join('|');

const isHost: Check = (text) =>
  `${text}.matches("^[0-9.]+$") ? ${matching(`^${IPV4}$`)(text)} : (size(${text}) <= 253 && ${HOST_NAME(text)} || size(${text}) <= 45 && ${matching(`^(${IPV6})$`)(text)})`;

const OBJECT_NAME = matching(String.raw`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`);

export const isObjectName: Check = (text) => `size(${text}) <= 253 && ${OBJECT_NAME(text)}`;

const IMAGE = matching(
  String.raw`^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@sha256:[a-f0-9]{64})?$`,
);

/** A reference without a path must be in lower case up to its tag. */
export const isImage: Check = (text) =>
  `size(${text}) <= 512 && ${IMAGE(text)} && (${text}.contains("/") || !${text}.matches("^[^:@]*[A-Z]"))`;

const isWord: Check = (text) => `${text} != "" && !${matching(`[${BLANK}"'\`\\\\$]`)(text)}`;

const isPath: Check = (text) =>
  `${matching(String.raw`^/[\w./@+-]*$`)(text)} && !${matching(String.raw`(^|/)\.\.(/|$)`)(text)}`;

/**
 * An address, a name or a name and a port: what every parser of URLs accepts alike. The webhook accepts more, such as names with other letters than
 * ASCII, of which the policy says that they are not valid.
 */
const isUrl = (schemes: readonly string[], text: Cel): Cel => {
  const web = schemes.filter((scheme) => scheme !== 'unix');
  const name = String.raw`[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?|[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?`;
  const port = '(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?';
  const pattern = String.raw`^(${web.join('|')})://(${name}|${IPV4}|\[(${IPV6})\])${port}([/?#].*)?$`;
  const unix = `${text}.startsWith("unix://") && ${isPath(`${text}.substring(7)`)}`;
  return `${isWord(text)} && !${text}.contains("://xn--") && !${text}.contains(".xn--") && (${anyOf([
    ...(web.length === 0 ? [] : [matching(pattern)(text)]),
    ...(schemes.includes('unix') ? [unix] : []),
  ])})`;
};

const isInteger = (minimum: number, maximum: number, text: Cel): Cel =>
  `${matching('^(0|-?[1-9][0-9]{0,14})$')(text)} && int(${text}) >= ${minimum} && int(${text}) <= ${maximum}`;

const isAmong = (allowed: readonly string[] | undefined, text: Cel): readonly Cel[] =>
  allowed ? [anyOf(allowed.map((glob) => matchesGlobOf(glob, text)))] : [];

type Types = {
  readonly [type in Parameter['type']]: (parameter: Extract<Parameter, { type: type }>, text: Cel) => Cel | undefined;
};

/** Whether the text is a value of the type; undefined if no expression says so. */
const types: Types = {
  string: () => 'true',
  word: (_, text) => isWord(text),
  host: (_, text) => isHost(text),
  url: ({ references, schemes = ['http', 'https'] }, text) => (references ? undefined : isUrl(schemes, text)),
  objectName: (_, text) => isObjectName(text),
  image: ({ allowed }, text) => allOf([isImage(text), ...isAmong(allowed, text)]),
  version: (_, text) => matching(String.raw`^\w[\w.-]{0,127}$`)(text),
  path: ({ allowed }, text) => allOf([isPath(text), ...isAmong(allowed, text)]),
  boolean: (_, text) => `${text} in ["true", "false"]`,
  port: (_, text) => isInteger(1, 65_535, text),
  integer: ({ minimum, maximum }, text) => isInteger(minimum, maximum, text),
  enum: ({ values }, text) => `${text} in ${quotedList(values)}`,
  assignments: () => undefined,
  variables: () => undefined,
};

/** In UTF-16, in which the webhook counts. */
const shortEnough = (text: Cel): Cel => `size(${text}) + size(${text}.findAll("[\\\\x{10000}-\\\\x{10FFFF}]")) <= 1024`;

/** Whether the parameter of this profile can have the value, as `acceptsIn` says it; undefined if no expression does. */
export function acceptsValue(profile: Profile, parameter: Parameter, text: Cel): Cel | undefined {
  const type: Cel | undefined = dispatch<'type', Parameter, [Cel], Cel | undefined>(types, 'type', parameter, text);
  if (type === undefined) return undefined;
  const separators = separatorsFor(profile, parameter).map((one) => `!${text}.contains(${quoted(one)})`);
  return allOf([shortEnough(text), `!${text}.matches("[\\\\x{0}-\\\\x{1f}\\\\x{7f}]")`, type, ...separators]);
}
