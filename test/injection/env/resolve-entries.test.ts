import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import type { Catalogue } from '../../../src/profiles/catalogue.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import { catalogueOf, container, namespace, opened, pod, profileDocument } from '../../support/fixtures.ts';

const catalogueFor = (spec: object): Catalogue => opened(catalogueOf(profileDocument(spec)));

function valueIn(known: Catalogue, given: Pod, name = 'V'): string | undefined {
  const { decision, pod: after } = admit(given, namespace(), known);
  expect(decision.outcome).toBe('injected');
  expect(admit(after, namespace(), known).operations).toEqual([]);
  return after.spec.containers[0]?.env?.find((one) => one.name === name)?.value;
}

const host = { name: 'NODE_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } };

describe('$(NAME) in', () => {
  it('a variant refers to a variable, which comes first', () => {
    const known = catalogueFor({
      parameters: [{ name: 'collector', type: 'enum', values: ['node', 'far'], default: 'node', description: 'd' }],
      variants: [{ name: 'address', from: 'collector', values: { node: 'http://$(NODE_IP):4318', far: 'http://far' } }],
      environment: [{ name: 'V', value: '${address}' }, host],
    });
    expect(valueIn(known, pod())).toBe('http://$(NODE_IP):4318');
    expect(valueIn(known, pod(undefined, { collector: 'far' }))).toBe('http://far');
    const names = admit(pod(), namespace(), known).pod.spec.containers[0]?.env?.map(({ name }) => name);
    expect(names).toEqual(['NODE_IP', 'V']);
  });

  const url = { name: 'url', type: 'url', references: ['NODE_IP'], description: 'd' };
  const addressed = catalogueFor({
    parameters: [{ ...url, default: 'http://$(NODE_IP):1' }],
    environment: [{ name: 'V', value: '${url}' }, host],
  });

  it('a value refers to a variable that the parameter names', () => {
    expect(valueIn(addressed, pod())).toBe('http://$(NODE_IP):1');
    expect(valueIn(addressed, pod(undefined, { url: 'http://$(NODE_IP):4318/v1' }))).toBe('http://$(NODE_IP):4318/v1');
  });

  it.each(['http://$(OTHER):4318', 'http://$(NODE_IP', '$(NODE_IP)', 'http://$NODE_IP'])(
    'a value refers to nothing else: %s',
    (text) => {
      const { decision } = admit(pod(undefined, { url: text }), namespace(), addressed);
      expect(decision.outcome !== 'injected' && decision.reason.code).toBe('invalid-value');
    },
  );

  it.each([
    ['a default', { parameters: [{ name: 'p', type: 'string', default: '$(NODE_IP)', description: 'd' }] }],
    [
      'a variant of a variable that the profile does not set',
      {
        variants: [{ name: 'v', from: 'libc', values: { glibc: '$(NONE)', musl: 'x' } }],
        environment: [{ name: 'V', value: '${v}' }],
      },
    ],
    [
      'a file, by a parameter',
      { parameters: [url], files: [{ path: '/etc/a', content: '${url}' }], environment: [host] },
    ],
  ])('%s is an error', (_, spec) => {
    expect(() => catalogueFor(spec)).toThrow(/NODE_IP|NONE|url/);
  });
});

describe('merged assignments', () => {
  const merge = { name: 'V', operation: 'merge', separator: ',', assignment: '=' };
  const known = catalogueFor({
    parameters: [
      { name: 'a', type: 'word', description: 'd' },
      { name: 'more', type: 'assignments', description: 'd' },
      { name: 'version', type: 'word', default: '${container.image-tag}', description: 'd' },
    ],
    environment: [
      { ...merge, value: 'a=${a}' },
      { ...merge, annotations: 'facts.example.com/' },
      { ...merge, parameter: 'more' },
      { ...merge, value: 'a=default,kind.${pod.workload-kind}=${pod.workload},v=${version}' },
    ],
  });
  const given = (image: string, annotations: Record<string, string> = {}, env: readonly object[] = []): Pod =>
    pod([container('web', { image, env })], annotations);

  it('without a value are left out', () => {
    expect(valueIn(known, given('registry.example.com:5000/app'))).toBe('a=default');
    expect(valueIn(known, given('app:latest'))).toBe('a=default');
    expect(valueIn(known, given(`app:7@sha256:${'a'.repeat(64)}`))).toBe('a=default,v=7');
  });

  it('count in their order, behind those of the author', () => {
    const annotations = { a: '1', more: 'b=2,c=3', 'facts.example.com/b': 'x', 'facts.example.com/a': 'y' };
    expect(valueIn(known, given('app', annotations))).toBe('c=3,b=x,a=1');
    const mine = [{ name: 'V', value: 'a=mine' }];
    expect(valueIn(known, given('app', annotations, mine))).toBe('c=3,b=x,a=mine');
  });

  it('from annotations are encoded, so that none begins another', () => {
    const annotations = { 'facts.example.com/team': 'a, b=c%$(X) ü\ud800', 'facts.example.com/x.y': 'http://h/1' };
    expect(valueIn(known, given('app', annotations))).toBe(
      'a=default,team=a%2C%20b%3Dc%25%24(X)%20%C3%BC%EF%BF%BD,x.y=http://h/1',
    );
  });

  it('from parameters are encoded, too: the values of assignments, and no whole list', () => {
    expect(valueIn(known, given('app', { a: '50%;x&ü' }))).toBe('a=50%25%3Bx%26%C3%BC');
    expect(valueIn(known, given('app', { version: 'v1.2-rc_3/a+b' }))).toBe('a=default,v=v1.2-rc_3/a+b');
    // Someone who writes a list writes it encoded.
    expect(valueIn(known, given('app', { more: 'b=50%,c=%2Ca%2,d=100%25' }))).toBe(
      'a=default,b=50%25,c=%2Ca%252,d=100%25',
    );
    const list = catalogueFor({
      parameters: [{ name: 'labels', type: 'word', description: 'd' }],
      environment: [
        { ...merge, separator: ';', assignment: ':', value: '${labels}' },
        { name: 'W', value: '1' },
      ],
    });
    expect(valueIn(list, given('app', { labels: 'team:a%;env:b' }))).toBe('team:a%;env:b');
  });

  it('may refer to a variable where the parameter may, and a variant is a text of the profile', () => {
    const referring = catalogueFor({
      parameters: [
        { name: 'url', type: 'url', references: ['NODE_IP'], default: 'http://$(NODE_IP):1', description: 'd' },
        { name: 'mode', type: 'enum', values: ['x'], default: 'x', description: 'd' },
      ],
      variants: [{ name: 'share', from: 'mode', values: { x: '50%25' } }],
      environment: [host, { ...merge, value: 'u=${url},s=${share}' }],
    });
    expect(valueIn(referring, pod())).toBe('u=http://$(NODE_IP):1,s=50%25');
  });

  it('from annotations stay far below what a program can be started with, however many there are and however long', () => {
    const long = { 'facts.example.com/long': 'x'.repeat(2000), 'facts.example.com/ok': 'y'.repeat(1000) };
    expect(valueIn(known, given('app', long))).toBe(`a=default,ok=${'y'.repeat(1000)}`);
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`facts.example.com/n${index + 100}`, 'ü'.repeat(500)]),
    );
    const text = valueIn(known, given('app', many)) ?? '';
    expect(text).toContain('n100=');
    expect(text.length).toBeLessThan(20_000);
  });

  it('are nothing at all if none has a value', () => {
    const empty = catalogueFor({
      parameters: [{ name: 'a', type: 'word', description: 'd' }],
      environment: [
        { ...merge, value: 'a=${a}' },
        { name: 'W', value: '1' },
      ],
    });
    expect(valueIn(empty, pod())).toBeUndefined();
  });

  it.each([
    ['a fact that a pod may not have, elsewhere', { environment: [{ name: 'V', value: '${container.image-tag}' }] }],
    [
      'a parameter of another type',
      {
        parameters: [{ name: 'a', type: 'word', description: 'd' }],
        environment: [{ ...merge, parameter: 'a' }],
      },
    ],
    [
      'a variable that loads code, from annotations',
      { environment: [{ ...merge, name: 'NODE_OPTIONS', separator: ' ', annotations: 'facts.example.com/' }] },
    ],
    ['two sources', { environment: [{ ...merge, value: 'a=1', annotations: 'facts.example.com/' }] }],
    [
      'another separator',
      {
        environment: [
          { ...merge, value: 'a=1' },
          { ...merge, value: 'b=1', separator: ';' },
        ],
      },
    ],
    [
      'an unknown fact in a default',
      { parameters: [{ name: 'p', type: 'word', default: '${pod.workloda}', description: 'd' }] },
    ],
  ])('%s is an error', (_, spec) => {
    expect(() => catalogueFor(spec)).toThrow(/spec\./);
  });
});
