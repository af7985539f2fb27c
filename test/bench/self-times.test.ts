import { describe, expect, it } from 'vitest';
import { areaOf, selfTimes, type CpuProfile } from './self-times.ts';
import { nameIn } from './source-locator.ts';

const node = (id: number, functionName: string) => ({
  id,
  callFrame: { functionName, url: `${functionName}.js`, lineNumber: 0, columnNumber: 0 },
});
const profile: CpuProfile = {
  nodes: [node(1, 'start'), node(2, 'work'), node(3, '(idle)'), node(4, 'never')],
  startTime: 1000,
  samples: [1, 2, 3, 2, 1],
  timeDeltas: [100, 100, 100, 100, 100],
};
const locate = ({ functionName, url }: { functionName: string; url: string }) => ({
  name: functionName,
  file: url,
  line: 1,
});

describe('self time', () => {
  it('is summed over the window, and excludes idle time', () => {
    expect(selfTimes(profile, { from: 1150, to: 1450, locate })).toEqual([
      { place: { name: 'work', file: 'work.js', line: 1 }, micros: 200 },
    ]);
  });

  it.each([
    ['src/injection/plan.ts', 'makePlan', 'src/injection'],
    ['node_modules/fastify/lib/reply.js', 'send', 'node_modules/fastify'],
    ['node_modules/@fastify/error/index.js', 'create', 'node_modules/@fastify/error'],
    ['node:internal/streams/writable', 'write', 'node:streams'],
    ['node:_http_server', 'resOnFinish', 'node:_http_server'],
    ['(engine)', '(garbage collector)', '(garbage collector)'],
    ['(engine)', 'writev', '(engine) writev'],
  ])('%s %s belongs to %s', (file, name, area) => expect(areaOf({ file, name, line: 1 })).toBe(area));
});

it.each([
  ['export function encodeReview(uid: string, decision: Decision): JsonObject {', 'encodeReview'],
  ['export async function serve(read: ReadConfig): Promise<void> {', 'serve'],
  ['const lookup = (name) => {', 'lookup'],
  ['  async request(method: string): Promise<Reply> {', 'request'],
  ['  return values.map((value) => value.name);', undefined],
  ['', undefined],
])('%j defines %s', (line, name) => expect(nameIn(line)).toBe(name));
