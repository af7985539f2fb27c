import { describe, expect, it } from 'vitest';
import { maxConnections } from '../../src/server/connection-limit.ts';

const limits = (soft: string): string =>
  'Limit                     Soft Limit           Hard Limit           Units     \n' +
  `Max processes             96365                96365                processes \n` +
  `Max open files            ${soft.padEnd(20)} 1048576              files     \n`;

const MIB = 1024 * 1024;
const many = limits('1048576');

describe('the number of connections', () => {
  it.each([
    ['is 512 with the 256 MiB of the chart', { limits: many, open: 30, memory: 256 * MIB }, 512],
    ['follows the memory limit', { limits: many, open: 30, memory: 128 * MIB }, 256],
    ['is 2,048 at most', { limits: many, open: 30, memory: 8192 * MIB }, 2048],
    ['is 2,048 without a memory limit', { limits: many, open: 30, memory: 0 }, 2048],
    ['is 2,048 with the limit of a cgroup that has none', { limits: many, open: 30, memory: 2 ** 64 }, 2048],
    ['leaves file descriptors for probes and watches', { limits: limits('512'), open: 21, memory: 256 * MIB }, 195],
    ['is a few with few descriptors', { limits: limits('64'), open: 21, memory: 256 * MIB }, 8],
    ['is a few at least', { limits: limits('32'), open: 21, memory: 1 }, 8],
    ['does not need a limit on descriptors', { limits: limits('unlimited'), open: 21, memory: 0 }, 2048],
    ['does not need Linux', { limits: undefined, open: 0, memory: 0 }, 2048],
  ])('%s', (_, system, expected) => {
    expect(maxConnections(system)).toBe(expected);
  });
});
