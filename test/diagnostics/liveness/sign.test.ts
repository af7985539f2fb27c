import { describe, expect, it } from 'vitest';
import { type LifeSign, signsOfLifeSchema } from '../../../src/api/profile/signs-of-life.ts';
import { listeningPorts } from '../../../src/diagnostics/liveness/listening-ports.ts';
import { type ContainerFacts, judgeSigns, linesOfStart, placesOf } from '../../../src/diagnostics/liveness/sign.ts';

const lines = (all: readonly string[], isPartial = false) => ({ ok: true as const, value: { lines: all, isPartial } });
const error = (why = 'not allowed') => ({ ok: false as const, error: why });
const signs = (alive: readonly LifeSign[], failed: readonly LifeSign[] = []) =>
  signsOfLifeSchema.parse({ alive, failed });

const log: LifeSign = { log: { contains: ['Agent', 'started'] } };
const file: LifeSign = { file: '/agent/logs/agent-*.log' };
const port: LifeSign = { port: 7091 };
const library: LifeSign = { library: { contains: 'libAgent.so' } };
const broken: LifeSign = { log: { contains: 'cannot load' } };
const maps = lines(['7f00-7f01 r-xp 00000000 08:01 1 /agent/bin/libAgent.so']);

interface Row {
  readonly name: string;
  readonly alive?: readonly LifeSign[];
  readonly failed?: readonly LifeSign[];
  readonly facts: ContainerFacts;
  readonly kind: 'alive' | 'failed' | 'absent' | 'unread';
}

const rows: readonly Row[] = [
  { name: 'all texts in one line', facts: { log: lines(['x', 'The Agent has started']) }, kind: 'alive' },
  { name: 'texts in two lines', facts: { log: lines(['Agent', 'started']) }, kind: 'absent' },
  { name: 'a log that may not be read', facts: { log: error() }, kind: 'unread' },
  { name: 'a log whose start is gone', facts: { log: lines(['later'], true) }, kind: 'unread' },
  { name: 'a sign in what is left of a log', facts: { log: lines(['Agent started'], true) }, kind: 'alive' },
  {
    name: 'a file by a wildcard',
    alive: [file],
    facts: { directories: new Map([['/agent/logs', { ok: true, value: ['.', '..', 'agent-1.log'] }]]) },
    kind: 'alive',
  },
  {
    name: 'a directory that does not exist',
    alive: [file],
    facts: { directories: new Map([['/agent/logs', { ok: true, value: [''] }]]) },
    kind: 'absent',
  },
  { name: 'an open port', alive: [port], facts: { ports: { ok: true, value: new Set([7091]) } }, kind: 'alive' },
  { name: 'another port', alive: [port], facts: { ports: { ok: true, value: new Set([80]) } }, kind: 'absent' },
  { name: 'a library', alive: [library], facts: { maps }, kind: 'alive' },
  { name: 'maps that were read in part', alive: [library], facts: { maps: lines([], true) }, kind: 'unread' },
  { name: 'the second of two signs', alive: [log, library], facts: { log: lines([]), maps }, kind: 'alive' },
  { name: 'one sign absent and one not read', alive: [log, library], facts: { log: lines([]) }, kind: 'unread' },
  {
    name: 'a sign of failure beside a sign of life',
    failed: [broken],
    facts: { log: lines(['Agent started', 'cannot load x']) },
    kind: 'failed',
  },
  {
    name: 'a sign of failure that was not read',
    alive: [library],
    failed: [broken],
    facts: { maps },
    kind: 'alive',
  },
];

describe('signs', () => {
  it.each(rows)('$name: $kind', ({ alive = [log], failed = [], facts, kind }) =>
    expect(judgeSigns(signs(alive, failed), facts).kind).toBe(kind),
  );

  it('show what was seen, on one bounded line', () => {
    const verdict = judgeSigns(signs([log]), { log: lines([`Agent started ${'x'.repeat(5000)}\u0007`]) });
    expect(verdict).toMatchObject({ kind: 'alive', evidence: expect.stringContaining('Agent started') });
    expect('evidence' in verdict && verdict.evidence.length).toBeLessThan(400);
  });

  it('say where to look', () => {
    expect(placesOf(signs([file, { file: '/agent/logs/other' }], [broken]))).toEqual({
      log: true,
      directories: ['/agent/logs'],
      ports: false,
      maps: false,
    });
  });

  it.each([
    ['neither alive nor unknown', { failed: [broken] }],
    ['both', { alive: [log], unknown: 'x' }],
    ['a template', { alive: [{ log: { contains: '${name}' } }] }],
    ['a relative path', { alive: [{ file: 'logs/x' }] }],
    ['no port', { alive: [{ port: 0 }] }],
    ['an unknown place', { alive: [{ in: 'process', contains: 'x' }] }],
  ])('of a profile are refused: %s', (_, document) =>
    expect(signsOfLifeSchema.safeParse(document).success).toBe(false),
  );
});

describe('the start of a log', () => {
  const startedAt = 1_000_000;
  const at = (seconds: number, text = 'x') => ({ at: startedAt + seconds * 1000, text });

  it.each([
    ['is whole', [at(1), at(500)], false, false],
    ['is gone if it begins after the time of the signs', [at(200)], false, true],
    ['is cut before the time of the signs', [at(1), at(30)], true, true],
    ['is cut after it', [at(1), at(130)], true, false],
    ['is empty', [], false, false],
  ])('%s', (_, all, isCut, isPartial) =>
    expect(linesOfStart({ lines: all, isCut }, startedAt, 120).isPartial).toBe(isPartial),
  );
});

describe('listening ports', () => {
  it('are those in state LISTEN, of both families', () => {
    const text = [
      '  sl  local_address rem_address   st tx_queue rx_queue',
      '   0: 0100007F:1BB3 00000000:0000 0A 00000000:00000000',
      '   1: 0100007F:0050 0100007F:C350 01 00000000:00000000',
      '   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000',
    ].join('\n');
    expect([...listeningPorts(text)]).toEqual([7091, 8080]);
    expect([...listeningPorts('no table')]).toEqual([]);
  });
});
