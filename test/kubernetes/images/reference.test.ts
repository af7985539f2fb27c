import { describe, expect, it } from 'vitest';
import { parseReference } from '../../../src/kubernetes/images/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a reference', () => {
  it.each([
    ['nginx', 'registry-1.docker.io', 'library/nginx', 'latest'],
    ['nginx:1.27', 'registry-1.docker.io', 'library/nginx', '1.27'],
    ['bitnami/redis', 'registry-1.docker.io', 'bitnami/redis', 'latest'],
    ['docker.io/nginx', 'registry-1.docker.io', 'library/nginx', 'latest'],
    ['index.docker.io/library/nginx:1', 'registry-1.docker.io', 'library/nginx', '1'],
    ['localhost/web', 'localhost', 'web', 'latest'],
    ['localhost:5000/shop/web:1', 'localhost:5000', 'shop/web', '1'],
    ['registry.example.com/a/b/c:v1.2-rc_3', 'registry.example.com', 'a/b/c', 'v1.2-rc_3'],
    ['REGISTRY/web', 'REGISTRY', 'web', 'latest'],
    ['[::1]:5000/web', '[::1]:5000', 'web', 'latest'],
    [`quay.io/web:1@${digest}`, 'quay.io', 'web', digest],
    [`quay.io/web@${digest}`, 'quay.io', 'web', digest],
    ['a__b/c--d.e', 'registry-1.docker.io', 'a__b/c--d.e', 'latest'],
  ])('%s', (text, registry, repository, version) => {
    expect(parseReference(text)).toMatchObject({ ok: true, value: { registry, repository, version } });
  });

  it.each([
    '',
    'UPPER',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a:tag:tag/x:',
    'web@sha256:abc',
    `web@sha512:${'a'.repeat(128)}`,
    `web@${digest}@${digest}`,
    'registry.example.com:port/web',
    'registry.example.com/../web',
    'registry.example.com/web?x=1',
    'user:password@registry.example.com/web',
    'https://registry.example.com/web',
    `registry.example.com/${'a'.repeat(256)}`,
    'web:-x',
    'a b',
  ])('"%s" is none', (text) => {
    expect(parseReference(text)).toMatchObject({ ok: false });
  });
});
