import { describe, expect, it } from 'vitest';
import { reportLines } from '../../../src/cli/verify/text.ts';
import type { PodVerdict } from '../../../src/diagnostics/liveness/pod-verdict.ts';
import { livenessReport } from '../../../src/diagnostics/liveness/report.ts';
import { run } from '../../support/process.ts';

// What verify finds: test/diagnostics/liveness; on a cluster: test/e2e/first-lines.test.ts, test/node/agents.test.ts.

const alive: PodVerdict = {
  pod: 'web-1',
  verdict: 'alive',
  code: 'alive',
  message: 'the log has a line with "started": agent started',
  isOutdated: false,
  containers: [{ container: 'web', profile: 'acme', verdict: 'alive', code: 'alive', message: 'seen', restarts: 0 }],
};
const crashed: PodVerdict = {
  pod: 'web-2',
  verdict: 'not-alive',
  code: 'crashed',
  message: 'container web waits: CrashLoopBackOff, ended with exit code 1 (Error), 4 restarts',
  next: 'kubectl -n shop logs web-2 -c web --previous',
  isOutdated: false,
  containers: [],
  log: { container: 'web', lines: ['boom'] },
};
const linesOf = (...pods: readonly PodVerdict[]): readonly string[] =>
  reportLines(livenessReport({ subject: 'Deployment/web', namespace: 'shop', pods, notes: ['a note'] }));

describe('the text of verify', () => {
  it('begins with the subject, the verdict and its code', () => {
    const [subject, verdict] = linesOf(alive);
    expect(subject).toBe('Deployment/web in namespace shop');
    expect(verdict).toBe('  alive: the log has a line with "started": agent started (alive)');
  });

  it('has the next step as a command, the notes, and each pod with the end of its log', () => {
    const lines = linesOf(alive, crashed);
    expect(lines[1]).toMatch(/^ {2}not alive: 1 of 2 pods: web-2: .*\(crashed\)$/);
    expect(lines).toContain('    $ kubectl -n shop logs web-2 -c web --previous');
    expect(lines).toContain('  ! a note');
    const below = lines.join('\n');
    for (const part of ['Pod/web-1: alive', 'Pod/web-2: not alive', 'boom']) expect(below).toContain(part);
  });
});

describe('invalid flags of verify', () => {
  it.each([
    ['no object', [], 'missing required argument'],
    ['an invalid timeout', ['deploy/web', '--timeout', 'soon'], 'duration'],
    ['a debug image while waiting', ['deploy/web', '--wait', '--debug-image', 'busybox'], '--debug-image'],
    ['an output format that does not exist', ['deploy/web', '-o', 'wide'], 'Allowed choices are text, json, yaml.'],
  ])('are exit code 2: %s', async (_, args, text) => {
    const { code, stdout, stderr } = await run(['verify', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
  });
});
