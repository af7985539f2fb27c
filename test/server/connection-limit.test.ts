import { expect, it } from 'vitest';
import { mostConnections } from '../../src/server/connection-limit.ts';

const limits = (soft: string): string =>
  'Limit                     Soft Limit           Hard Limit           Units     \n' +
  `Max processes             96365                96365                processes \n` +
  `Max open files            ${soft.padEnd(20)} 1048576              files     \n`;

it('leaves file descriptors for probes and watches', () => {
  expect(mostConnections(limits('1048576'), 30)).toBe(1_048_522);
  expect(mostConnections(limits('64'), 21)).toBe(19);
});

it('takes some callers in any case, and does not guess', () => {
  expect(mostConnections(limits('32'), 21)).toBe(8);
  expect(mostConnections(limits('unlimited'), 21)).toBeUndefined();
  expect(mostConnections('', 21)).toBeUndefined();
});
