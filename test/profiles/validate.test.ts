import { describe, expect, it } from 'vitest';
import { catalogueOf, profileDocument } from '../support/fixtures.ts';

const files = { deliveries: [{ image: { reference: 'registry.example.com/agent:1' } }] };
const object = (path: string, name = 'a') => ({ path, configMap: name });

describe('two parts of a profile at one path', () => {
  it.each([
    [
      'a mount and an object',
      { ...files, mounts: [{ path: '/agent' }], objects: [object('/agent')] },
      'spec.objects[0]',
    ],
    [
      'a mount and a writable directory',
      { ...files, mounts: [{ path: '/agent' }], writablePaths: [{ path: '/agent' }] },
      'spec.writablePaths[0]',
    ],
    [
      'a file and an object',
      { files: [{ path: '/etc/a', content: 'x' }], objects: [object('/etc/a')] },
      'spec.objects[0]',
    ],
    ['two objects', { objects: [object('/etc/a'), object('/etc/a', 'b')] }, 'spec.objects[1]'],
  ])('are an error: %s', (_, spec, at) => {
    expect(() => catalogueOf(profileDocument(spec))).toThrow(at);
  });

  it('one below the other are none', () => {
    const spec = { ...files, mounts: [{ path: '/agent' }], objects: [object('/agent/ca'), object('/agent2')] };
    expect(() => catalogueOf(profileDocument(spec))).not.toThrow();
  });
});
