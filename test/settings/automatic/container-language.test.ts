import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeConfig } from '../../../src/images/describe.ts';
import { imageFacts } from '../../../src/images/facts.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import { containerLanguage } from '../../../src/settings/automatic/container-language.ts';
import { catalogue, container, namespace, pod } from '../../support/fixtures.ts';
import { facts } from '../../support/image-facts.ts';

interface PublicImage {
  readonly image: string;
  readonly source: string;
  readonly env: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly steps?: readonly string[];
  readonly runs: string;
  readonly auto: string;
}

const images = parse(readFileSync(join(import.meta.dirname, 'public-images.yaml'), 'utf8')) as readonly PublicImage[];

const decide = ({ env, entrypoint = [], cmd = [], steps = [] }: PublicImage): string => {
  const config = {
    config: { Env: [...env], Entrypoint: [...entrypoint], Cmd: [...cmd] },
    history: steps.map((step) => ({ created_by: step })),
  };
  const { language, entrypoint: own, cmd: args } = imageFacts(describeConfig(config), catalogue);
  const known = facts({ language, entrypoint: own, cmd: args });
  const cluster = {
    ...unknownCluster,
    imageFacts: () => ({ facts: known, digest: 'sha256:0', by: 'digest' as const }),
  };
  const app = container('app');
  const sources = { pod: pod([app]), namespace: namespace(), catalogue, cluster };
  const verdict = containerLanguage(sources, app);
  return verdict.proven ? verdict.is : 'not proven';
};

describe('a container of a public image', () => {
  it.each(images.map((one) => [one.image, one] as const))('%s', (_, one) => {
    expect(decide(one)).toBe(one.auto);
    // A language is right, or there is none: never a guess.
    expect([one.runs, 'not proven']).toContain(one.auto);
    expect(one.source).toMatch(/^[\w.-]+\/[\w.-]+:/);
  });

  it('is proven for most of those that run a language', () => {
    const running = images.filter(({ runs }) => ['dotnet', 'java', 'nodejs', 'python'].includes(runs));
    const proven = running.filter(({ auto }) => auto !== 'not proven');
    expect(images.length).toBeGreaterThan(40);
    expect(proven.length / running.length).toBeGreaterThan(0.7);
  });
});
