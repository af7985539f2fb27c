import { expect, it } from 'vitest';
import { maxConnections } from '../../src/server/connection-limit.ts';

const limits = (soft: string): string =>
  'Limit                     Soft Limit           Hard Limit           Units     \n' +
  `Max processes             96365                96365                processes \n` +
  `Max open files            ${soft.padEnd(20)} 1048576              files     \n`;

it('reserves file descriptors for probes and watches', () => {
  expect(maxConnections(limits('1048576'), 30)).toBe(1_048_522);
  expect(maxConnections(limits('64'), 21)).toBe(19);
});

it('always allows a few connections, and sets no limit if the system has none', () => {
  expect(maxConnections(limits('32'), 21)).toBe(8);
  expect(maxConnections(limits('unlimited'), 21)).toBeUndefined();
  expect(maxConnections('', 21)).toBeUndefined();
});
