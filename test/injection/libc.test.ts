import { describe, expect, it } from 'vitest';
import { libcOf } from '../../src/injection/libc.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';

describe('the C library of an image', () => {
  it.each([
    ['registry.example.com/web:1-alpine', 'musl'],
    ['registry.example.com/web:1-alpine3.20', 'musl'],
    ['alpine', 'musl'],
    ['registry.example.com/web-musl@sha256:12', 'musl'],
    ['registry.alpine-bank.example/pay/web:1', undefined],
    ['registry.example.com/alpine/web:1', undefined],
    ['registry.example.com/muslim-aid:1-bookworm', undefined],
    ['registry.example.com/web@sha256:12', undefined],
  ])('%s is %s', (image, libc) => {
    const sources = { pod: pod(), namespace: namespace(), catalogue, cluster: unknownCluster };
    expect(libcOf(sources, container('web', { image }))).toBe(libc);
  });
});
