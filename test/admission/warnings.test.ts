import { expect, it } from 'vitest';
import { warningsFor } from '../../src/admission/warnings.ts';
import type { Reason } from '../../src/reasons/reason.ts';

const warningFor = (container: string, reason: Reason): string | undefined =>
  warningsFor({
    outcome: 'injected',
    containers: [{ outcome: 'skipped', container, profile: 'opentelemetry-java', reason }],
    notices: [],
  })[0];

it.each(['app', 'checkout-api'])(
  'a warning of container %s says where a variable may be set before it is cut',
  (name) => {
    const reason = { code: 'unproven-variable', variable: 'JAVA_TOOL_OPTIONS', profile: 'opentelemetry-java' } as const;
    const warning = warningFor(name, { ...reason, why: 'unseen' });
    expect(warning).toMatch(/unproven-variable: JAVA_TOOL_OPTIONS .*ConfigMap/);
    expect(warning?.length).toBeLessThanOrEqual(256);
  },
);
