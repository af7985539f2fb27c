import { describe, expect, it } from 'vitest';
import { hintFor } from '../../src/reasons/hint.ts';
import type { Reason } from '../../src/reasons/reason.ts';

describe('a hint', () => {
  it.each<[Reason, string]>([
    [
      { code: 'namespace-not-enabled', namespace: 'shop', label: undefined, suggestion: undefined },
      'kubectl label namespace shop agent-injector.io/injection=enabled --overwrite',
    ],
    [
      { code: 'missing-parameter', parameter: 'server-address', profile: 'acme' },
      'kubectl annotate namespace shop agent-injector.io/server-address=VALUE',
    ],
  ])('has the names that are known: %j', (reason, command) => {
    expect(hintFor(reason, { namespace: 'shop' })).toContain(command);
  });

  it('keeps its placeholders without them, and for a name that a shell would run', () => {
    const reason: Reason = { code: 'missing-parameter', parameter: '$(reboot)', profile: 'acme' };
    expect(hintFor(reason)).toContain('namespace NAMESPACE agent-injector.io/PARAMETER=VALUE');
  });
});
