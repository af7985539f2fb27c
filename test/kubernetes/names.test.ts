import { describe, expect, it } from 'vitest';
import { isDnsLabel, isObjectName } from '../../src/kubernetes/names.ts';

describe('isDnsLabel', () => {
  it.each(['a', '0', 'web', 'web-1', 'a--b', 'a'.repeat(63)])('accepts %s', (name) => {
    expect(isDnsLabel(name)).toBe(true);
  });

  it.each(['', '-', '-a', 'a-', 'A', 'a_b', 'a.b', 'a/b', '.', '..', 'ä', 'a\n', 'a'.repeat(64)])(
    'rejects %j',
    (name) => {
      expect(isDnsLabel(name)).toBe(false);
    },
  );
});

describe('isObjectName', () => {
  it.each(['a', 'web-1', 'a.b', '1.2.3', 'a-b.c--d', 'a'.repeat(253), `${'a'.repeat(100)}.b`])('accepts %s', (name) => {
    expect(isObjectName(name)).toBe(true);
  });

  it.each(['', '.', '..', 'a..b', '.a', 'a.', 'a.-b', 'a-.b', '-a', 'a-', 'A.b', 'a_b', 'a/b', 'a\n', 'a'.repeat(254)])(
    'rejects %j',
    (name) => {
      expect(isObjectName(name)).toBe(false);
    },
  );
});
