import { describe, expect, it } from 'vitest';
import type { Breaker } from '../../../src/api/breaker.ts';
import { breakerNote, breakersAbout } from '../../../src/diagnostics/liveness/known-breakers.ts';
import { breakerCase as breaker } from '../../support/observed.ts';

const web = { namespace: 'shop', workload: 'ReplicaSet/web', versions: new Set(['acme-java@0123abcd']) };
const about = (...all: readonly Breaker[]): readonly Breaker[] => breakersAbout(all, web);

describe('the breakers of a workload', () => {
  it('are its own, whatever the version, and those of the versions of profiles in its pods', () => {
    const own = breaker({ profiles: { 'acme-java': '0' } });
    const ofProfile = breaker({ namespace: '', workload: '', shown: '' });
    expect(about(own, ofProfile)).toEqual([own, ofProfile]);
    expect(
      about(
        breaker({ namespace: 'other' }),
        breaker({ workload: 'ReplicaSet/api' }),
        breaker({ namespace: '', workload: '', shown: '', profiles: { 'acme-java': '2' } }),
      ),
    ).toEqual([]);
    // A pod without a controller has no breaker of its own, although that of a profile has an empty workload, too.
    expect(breakersAbout([own, ofProfile], { ...web, workload: undefined })).toEqual([ofProfile]);
  });

  it('come with the gravest first, and without those that clear the agent', () => {
    const found = about(...(['suspected', 'cleared', 'half-open', 'open'] as const).map((phase) => breaker({ phase })));
    expect(found.map(({ phase }) => phase)).toEqual(['open', 'half-open', 'suspected']);
  });
});

describe('the note on a breaker', () => {
  it('says what it does, and how to see more', () => {
    const note = breakerNote(breaker());
    for (const part of ['Deployment/web', 'open', 'pods fail', 'breaker Deployment/web -n shop'])
      expect(note).toContain(part);
    expect(note).not.toBe(breakerNote(breaker({ stops: false })));
    expect(breakerNote(breaker({ namespace: '', workload: '', shown: '' }))).toContain('--profile acme-java');
  });
});
