import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { catalogueOf, plainNamespace, opened, pod, profileDocument } from '../../support/fixtures.ts';

const text = (name: string, rest: object = {}) => ({ name, type: 'version', description: 'd', ...rest });
const known = opened(
  catalogueOf(
    profileDocument({
      parameters: [text('directory'), text('tag', { default: '1' }), text('both'), text('mode')],
      deliveries: [
        { initContainer: { image: 'registry.example.com/a:${tag}', command: ['cp', '${both}'] } },
        { persistentVolumeClaim: { claimName: 'c', subPath: '${directory}/${both}' } },
      ],
      environment: [{ name: 'MODE', value: '${mode}', when: { parameter: { name: 'mode' } } }],
    }),
  ),
);

function unused(annotations: Record<string, string>, settings: Record<string, string> = {}): readonly unknown[] {
  const { decision } = admit(pod(undefined, { both: 'x', ...annotations }), plainNamespace(settings), known);
  expect(decision.outcome).toBe('injected');
  return decision.notices.map((one) => (one.code === 'parameter-unused' ? [one.parameter, one.delivery] : one));
}

describe('a parameter that only another delivery uses is reported', () => {
  it.each<[string, Record<string, string>, readonly unknown[]]>([
    ['on the pod', { directory: '2.10' }, [['directory', 'initContainer']]],
    ['on the container', { 'directory.agent-injector.io/web': '2.10' }, [['directory', 'initContainer']]],
    ['for the other delivery', { tag: '2', delivery: 'persistentVolumeClaim' }, [['tag', 'persistentVolumeClaim']]],
    ['not if this one uses it, too', { tag: '2' }, []],
    ['not if something else uses it', { mode: 'x' }, []],
  ])('%s', (_, annotations, expected) => {
    expect(unused(annotations)).toEqual(expected);
  });

  it('not on the namespace, which is for all its pods', () => {
    expect(unused({}, { directory: '2.10' })).toEqual([]);
  });
});
