import { describe, expect, it } from 'vitest';
import { accepts } from '../../src/profiles/parameter.ts';
import { parameterSchema } from '../../src/api/profile/parameter.ts';

const host = parameterSchema.parse({ name: 'p', description: 'd', type: 'host' });

describe('a host', () => {
  it.each(['a', 'a.example.com', 'a.example.com.', '10.1.2.3', '::1', '2001:db8::1', '::ffff:10.1.2.3'])(
    '%s',
    (text) => {
      expect(accepts(host, text)).toBe(true);
    },
  );

  // What follows the address was accepted once: the URL parser reads it as a path.
  it.each([
    '::1]/ -javaagent:/tmp/evil.jar [',
    '::1]:80/x[',
    '::1]/[',
    '::1]?a=[::1',
    '::1%eth0',
    '[::1]',
    ':',
    '1:2',
    'a b',
    'a:80',
    '10.1',
    '.',
    '..',
    '',
  ])('not %s', (text) => {
    expect(accepts(host, text)).toBe(false);
  });
});
