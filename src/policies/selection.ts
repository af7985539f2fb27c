import { MAX_IMAGE_LENGTH } from '../lib/glob.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Profile } from '../profiles/profile.ts';
import { allOf, anyOf, type Cel, globPatternOf, matchesGlobOf, perContainer, quoted, splitText } from './cel.ts';
import { settingLookup } from './values/lookups.ts';
import { matchesAll, matchesAny } from './matchers.ts';

const OWN = 'variables.texts[i]';

/** The variables that find the containers that the profile is for, as injection/container-selection.ts does. */
export function selectionVariables(profile: Profile, catalogue: Catalogue): readonly (readonly [string, Cel])[] {
  const named = ['containers', `containers.${profile.name}`].map((name) => settingLookup(catalogue, [name]));
  return [
    ['containersForAll', named[0] ?? '[]'],
    ['containersForProfile', named[1] ?? '[]'],
    [
      'patterns',
      `size(variables.containersForProfile) > 0 ? ${splitText('variables.containersForProfile[0]')} : size(variables.containersForAll) > 0 ? ${splitText('variables.containersForAll[0]')} : []`,
    ],
    // What a glob matches is a pattern; everything else is the pattern of nothing.
    ['patternTexts', `variables.patterns.map(p, ${globPatternOf('(p.startsWith("image:") ? p.substring(6) : p)')})`],
    ['isNamed', 'size(variables.containersForProfile) + size(variables.containersForAll) > 0'],
    ['chosen', perContainer(chosen(profile, catalogue))],
    ['selected', perContainer(`variables.isNamed ? ${matchesPattern} : ${isApp(profile, catalogue)}`)],
  ];
}

/** `own`: this profile alone; `others`: this one and others; empty: others, or none. */
function chosen({ name }: Profile, catalogue: Catalogue): Cel {
  const setting = settingLookup(catalogue, ['profile'], true);
  const own = quoted(name);
  return (
    `[${setting}].map(s, size(s) == 0 ? [] : ${splitText('s[0]')})` +
    `.map(n, !(${own} in n) ? "" : n.all(w, w == ${own}) ? "own" : "others")[0]`
  );
}

const matchesPattern: Cel =
  'variables.patterns.transformList(k, p, ' +
  `p.startsWith("image:") ? (has(c.image) && size(c.image) <= ${MAX_IMAGE_LENGTH} && size(p) <= ${MAX_IMAGE_LENGTH + 6} && c.image.matches(variables.patternTexts[k])) : ` +
  'p.startsWith("env:") ? (has(c.env) && c.env.exists(e, e.name == p.substring(4))) : ' +
  '(p.contains("*") || p.contains("?")) ? (size(p) <= 63 && c.name.matches(variables.patternTexts[k])) : c.name == p).exists(m, m)';

function isApp({ include, exclude }: Profile, { sidecars }: Catalogue): Cel {
  const plain = sidecars.filter(({ match, name }) => match.length === 0 && !/[*?]/.test(name)).map(({ name }) => name);
  const others = sidecars.filter(({ name }) => !plain.includes(name));
  const isSidecar = anyOf([
    `c.name in [${plain.map(quoted).join(', ')}]`,
    ...others.map(({ name, match }) => allOf([matchesGlobOf(name, 'c.name'), matchesAll(match, OWN)])),
  ]);
  return allOf([
    `!(${isSidecar})`,
    ...(exclude.length === 0 ? [] : [`!(${matchesAny(exclude, OWN)})`]),
    ...(include ? [matchesAny(include, OWN)] : []),
  ]);
}
