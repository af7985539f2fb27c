import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { LEVELS } from '../../src/api/keys.ts';
import { constraintsText } from '../../src/cli/profiles/text.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { profileSummary } from '../../src/profiles/summary.ts';
import { STRICT } from '../../src/profiles/tenancy/policy.ts';
import { code, table } from '../support/markdown.ts';

export interface Example {
  /** The namespace as a block of YAML. */
  readonly namespace: string;
  readonly delivery: string;
  /** What a container of it gets, as a block of YAML. */
  readonly gets: string;
  /** The claim that the pod mounts, if it does. */
  readonly claim: string | undefined;
}

export const LANGUAGES = ['ja', 'ko'] as const;

export type Language = (typeof LANGUAGES)[number];

/** Texts of profiles and of these pages, in English, with their translations. */
const texts = parse(readFileSync(join(import.meta.dirname, 'agent-page-texts.yaml'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<Language, string>>>
>;

function translator(language: Language): (text: string) => string {
  return (text) => {
    const found = texts[text]?.[language];
    if (found === undefined) throw new Error(`test/docs/agent-page-texts.yaml has no ${language} text for: ${text}`);
    return found;
  };
}

const NAMES: Readonly<Record<Language, string>> = { ja: '日本語', ko: '한국어' };

const isOnlyOfCluster = ({ settableBy }: { readonly settableBy: readonly string[] }): boolean =>
  settableBy.every((level) => level === 'cluster');

/** The claim that step 3 of the quickstart creates. */
const QUICKSTART_CLAIM = 'my-agent-file';

/** The page of a profile in another language: what a user needs to begin, from the same data as the English page. */
export function translatedPage(profile: Profile, language: Language, example: Example): string {
  const t = translator(language);
  const { name, description, constraints, parameters, environment } = profileSummary(profile, STRICT);
  const links = LANGUAGES.map((one) => (one === language ? NAMES[one] : `[${NAMES[one]}](${name}.${one}.md)`));
  const claimText = t(example.claim === QUICKSTART_CLAIM ? 'claim' : 'other claim');
  const claim = example.claim === undefined ? '' : `\n${claimText.replace('CLAIM', code(example.claim))}\n`;
  const valueText = (value: string, when: string | undefined): string =>
    when === undefined ? code(value) : t('value when').replace('VALUE', code(value)).replace('WHEN', t(when));
  return `# ${name}

<!-- Made from src/agents/${name}.yaml and test/docs/agent-page-texts.yaml: UPDATE_DOCS=1 npx vitest run test/docs -->

[English](${name}.md) · ${links.join(' · ')}

${t(description)} ${t('runs on')} ${constraintsText(constraints)}

## ${t('use')}

${example.namespace}
${t('gets').replace('DELIVERY', code(example.delivery))}

${example.gets}${claim}
## ${t('parameters')}

${table(
  [t('annotation'), t('default'), t('set by'), t('meaning')],
  parameters.map((one) => [
    code(`agent-injector.io/${one.name}`),
    one.required ? t('required') : code(one.default ?? ''),
    t(one.settableBy.length === LEVELS.length ? 'all' : one.settableBy.join(', ')),
    t(one.description),
  ]),
)}

${parameters.some(isOnlyOfCluster) ? `${t('only cluster')}\n\n` : ''}## ${t('variables')}

${table(
  [t('variable'), t('value')],
  environment.map((one) => [code(one.name), valueText(one.value, one.when)]),
)}

${t('more').replace('PAGE', `${name}.md`)}
`;
}
