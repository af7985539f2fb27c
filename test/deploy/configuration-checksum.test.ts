import { beforeAll, describe, expect, it } from 'vitest';
import { only, render } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';

interface Deployment {
  readonly spec: { readonly template: { readonly metadata: { readonly annotations: Record<string, string> } } };
}

interface Rendered {
  readonly checksum: string | undefined;
  readonly configuration: string;
}

/** What restarts the pods, and what it must follow: the configuration file in its ConfigMap. */
function rendered(args: readonly string[]): Rendered {
  const objects = render('default', { args });
  const { annotations } = only<Deployment>(objects, 'Deployment').spec.template.metadata;
  const configuration = only(objects, 'ConfigMap')['data'];
  return { checksum: annotations['checksum/config'], configuration: JSON.stringify(configuration) };
}

describe.skipIf(helm === undefined)('the pods restart where the configuration file changes', () => {
  let before: Rendered;
  // Not while tests are collected: that happens without helm, too.
  beforeAll(() => {
    before = rendered([]);
  });

  it.each([
    '--set=tenancy=open',
    '--set=allowedProfiles={jennifer-dotnet}',
    '--set=builtInProfiles=false',
    '--set=revision=canary',
    '--set=required.strict=true',
    '--set=podSecurityDefault=baseline',
    '--set=configMapKeys.enabled=true',
    '--set-string=defaults.domain-id=7',
  ])('by %s', (flag) => {
    const after = rendered([flag]);
    expect(after.configuration).not.toBe(before.configuration);
    expect(after.checksum).not.toBe(before.checksum);
  });

  it('and only there', () => {
    expect(rendered(['--set=replicas=3'])).toEqual(before);
  });
});
