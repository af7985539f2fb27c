import { describe, expect, it } from 'vitest';
import { mayRunOn, osOf } from '../../src/kubernetes/scheduling.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { container, pod } from '../support/fixtures.ts';

const selecting = (nodeSelector: Record<string, string>): Pod => pod(undefined, {}, { nodeSelector });
const requiring = (...terms: readonly object[]): Pod => {
  const nodeSelectorTerms = terms.map((expression) => ({ matchExpressions: [expression].flat() }));
  return pod(
    undefined,
    {},
    {
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    },
  );
};
const expression = (key: string, operator: string, ...values: readonly string[]): object => ({ key, operator, values });
const BUILD = 'node.kubernetes.io/windows-build';
const GKE = 'cloud.google.com/gke-os-distribution';

describe('the operating system of a pod', () => {
  it.each<[string, Pod, string | undefined]>([
    ['without any sign is Linux', pod(), 'linux'],
    ['is named by spec.os', pod(undefined, {}, { os: { name: 'windows' } }), 'windows'],
    ['is selected by the label', selecting({ 'kubernetes.io/os': 'windows' }), 'windows'],
    ['is selected by the beta label', selecting({ 'beta.kubernetes.io/os': 'windows' }), 'windows'],
    ['is that of the Windows build', selecting({ [BUILD]: '10.0.20348' }), 'windows'],
    ['is that of the distribution on GKE', selecting({ [GKE]: 'windows_ltsc' }), 'windows'],
    ['is that of another distribution on GKE', selecting({ [GKE]: 'cos' }), 'linux'],
    ['is that of the SKU on AKS', selecting({ 'kubernetes.azure.com/os-sku': 'Windows2022' }), 'windows'],
    ['is required by the beta label', requiring(expression('beta.kubernetes.io/os', 'In', 'windows')), 'windows'],
    ['is not the excluded one', requiring(expression('kubernetes.io/os', 'NotIn', 'linux')), 'windows'],
    ['has a Windows build', requiring(expression(BUILD, 'Exists')), 'windows'],
    ['has a later Windows build', requiring(expression(BUILD, 'Gt', '17763')), 'windows'],
    ['has no Windows build', requiring(expression(BUILD, 'DoesNotExist')), 'linux'],
    ['is open between two terms', requiring(expression(BUILD, 'Exists'), expression(GKE, 'In', 'cos')), 'linux'],
    [
      'cannot be both',
      requiring([expression(BUILD, 'Exists'), expression('kubernetes.io/os', 'In', 'linux')]),
      undefined,
    ],
    [
      'has windowsOptions',
      pod(undefined, {}, { securityContext: { windowsOptions: { runAsUserName: 'ContainerUser' } } }),
      'windows',
    ],
  ])('%s', (_, given, expected) => expect(osOf(given)).toBe(expected));

  it.each([
    ['mcr.example.com/dotnet/framework/aspnet:4.8-windowsservercore-ltsc2019', 'windows'],
    ['registry.example.com/shop/web:nanoserver-ltsc2022', 'windows'],
    ['registry.example.com/nanoserver/web:1', 'linux'],
    ['registry.example.com/web@sha256:1234', 'linux'],
  ])('follows from the image %s', (image, expected) => {
    const web = container('web', { image });
    expect(osOf(pod([web]), web)).toBe(expected);
  });

  it('follows from the windowsOptions of the container', () => {
    const web = container('web', { securityContext: { windowsOptions: { hostProcess: true } } });
    expect(osOf(pod([web]), web)).toBe('windows');
  });
});

describe('the CPU architecture of a pod', () => {
  it.each([['kubernetes.io/arch'], ['beta.kubernetes.io/arch']])('is selected by %s', (label) => {
    expect(mayRunOn(selecting({ [label]: 'arm64' }), 'arch', 'amd64')).toBe(false);
    expect(mayRunOn(selecting({ [label]: 'arm64' }), 'arch', 'arm64')).toBe(true);
  });
});
