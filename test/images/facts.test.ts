import { describe, expect, it } from 'vitest';
import { type ConfigFacts, imageFacts, type ImageDescription } from '../../src/images/facts.ts';
import { describeConfig } from '../../src/images/describe.ts';
import { catalogue } from '../support/fixtures.ts';

function factsOf(description: Partial<ImageDescription>): ConfigFacts {
  const nothing: ImageDescription = {
    environment: [],
    entrypoint: [],
    cmd: [],
    user: '',
    workingDir: '',
    history: [],
    labels: {},
  };
  return imageFacts({ ...nothing, ...description }, catalogue);
}

const env = (...assignments: readonly string[]): ImageDescription['environment'] =>
  describeConfig({ config: { Env: [...assignments] } }).environment;

// The variables and steps of the official images, by their Dockerfiles (docker-library, dotnet/dotnet-docker, adoptium/containers, nodejs/docker-node).
const DEBIAN = "# debian.sh --arch 'amd64' out/ 'bookworm' '@1756080000'";
const ALPINE = 'ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit';

describe('an image', () => {
  it.each<[string, readonly string[], readonly string[], readonly string[], string, string]>([
    [
      'mcr.microsoft.com/dotnet/aspnet:9.0',
      ['ASPNET_VERSION=9.0.8', 'DOTNET_VERSION=9.0.8'],
      ['dotnet', 'web.dll'],
      [DEBIAN],
      'dotnet 9.0.8',
      'glibc',
    ],
    [
      'mcr.microsoft.com/dotnet/runtime:8.0-alpine',
      ['DOTNET_VERSION=8.0.19'],
      ['dotnet', 'job.dll'],
      [ALPINE, 'RUN /bin/sh -c apk add --upgrade --no-cache icu-libs'],
      'dotnet 8.0.19',
      'musl',
    ],
    [
      'eclipse-temurin:21',
      ['JAVA_HOME=/opt/java/openjdk', 'JAVA_VERSION=jdk-21.0.8+9'],
      ['java', '-jar', '/app.jar'],
      ['RUN /bin/sh -c apt-get update;'],
      'java jdk-21.0.8+9',
      'glibc',
    ],
    [
      'node:22-alpine',
      ['NODE_VERSION=22.18.0', 'YARN_VERSION=1.22.22'],
      ['docker-entrypoint.sh'],
      [ALPINE],
      'nodejs 22.18.0',
      'musl',
    ],
    ['python:3.13-slim', ['PYTHON_VERSION=3.13.7'], [], [DEBIAN], 'python 3.13.7', 'glibc'],
    ['php:8.4-fpm', ['PHP_VERSION=8.4.11'], ['docker-php-entrypoint'], [DEBIAN], 'php 8.4.11', 'glibc'],
    [
      'registry.access.redhat.com/ubi9/openjdk-21',
      ['JAVA_HOME=/usr/lib/jvm/java-21'],
      [],
      ['RUN microdnf --setopt=tsflags=nodocs install -y java-21'],
      'java',
      'glibc',
    ],
  ])('%s', (_, assignments, entrypoint, history, language, libc) => {
    const facts = factsOf({ environment: env(...assignments), entrypoint, history });
    expect([facts.language?.is, facts.language?.version].filter(Boolean).join(' ')).toBe(language);
    expect(facts.libc?.is).toBe(libc);
  });

  it('of two languages is of the one that its entrypoint starts, else of none', () => {
    const environment = env('NODE_VERSION=22.18.0', 'JAVA_HOME=/opt/java');
    expect(factsOf({ environment, entrypoint: ['/usr/bin/java', '-jar', 'x.jar'] }).language?.is).toBe('java');
    expect(factsOf({ environment, entrypoint: ['/start.sh'] }).language).toBeUndefined();
    expect(factsOf({ environment }).language).toBeUndefined();
  });

  it('without variables is of the language of its program', () => {
    expect(factsOf({ cmd: ['/usr/local/bin/python3.12', 'app.py'] }).language).toMatchObject({
      is: 'python',
      by: 'its command',
    });
    expect(factsOf({ entrypoint: ['/bin/nodejs-exporter'] }).language).toBeUndefined();
  });

  it('has no libc where nothing or two things show it', () => {
    expect(factsOf({ history: ['COPY --from=build /app /app'] }).libc).toBeUndefined();
    expect(factsOf({ history: [ALPINE, 'RUN apt-get install curl'] }).libc).toBeUndefined();
    // Wolfi and Chainguard have Alpine's package manager, and glibc.
    expect(factsOf({ history: ['apko', 'RUN /bin/sh -c apk add curl'] }).libc).toBeUndefined();
    expect(factsOf({ history: ['RUN echo "apk and apt-getter"'] }).libc).toBeUndefined();
    expect(
      factsOf({ labels: { 'org.opencontainers.image.base.name': 'docker.io/library/alpine:3.22' } }).libc?.is,
    ).toBe('musl');
  });

  it('tells the variables that profiles set, too, and no others', () => {
    const { variables } = factsOf({
      environment: env('NODE_OPTIONS=--max-old-space-size=200', 'PASSWORD=hunter2', 'PATH=/bin'),
    });
    expect(variables).toEqual([
      {
        name: 'NODE_OPTIONS',
        value: '--max-old-space-size=200',
        setBy: expect.arrayContaining(['opentelemetry-nodejs']),
      },
    ]);
  });

  it('tells the agents that it carries', () => {
    expect(
      factsOf({ environment: env('JAVA_TOOL_OPTIONS=-javaagent:/opt/opentelemetry-javaagent.jar') }).agents,
    ).toEqual([{ vendor: 'OpenTelemetry Java', at: 'JAVA_TOOL_OPTIONS' }]);
    expect(factsOf({ environment: env('CORECLR_PROFILER={846f5f1c-f9ae-4b07-969e-05c26bc060d8}') }).agents).toEqual([
      { vendor: 'Datadog', at: 'CORECLR_PROFILER' },
    ]);
    expect(factsOf({ entrypoint: ['java', '-javaagent:/dd-java-agent.jar'] }).agents).toEqual([
      { vendor: 'Datadog Java', at: 'its command' },
    ]);
    expect(factsOf({ environment: env('JAVA_HOME=/x') }).agents).toEqual([]);
  });

  it.each([
    {},
    { config: null },
    { config: { Env: null } },
    { config: { Env: ['NOTHING', '=x'] }, history: [{}, { created_by: null }] },
  ])('with a config that leaves everything out: %j', (config) => {
    expect(imageFacts(describeConfig(config), catalogue)).toMatchObject({ variables: [], agents: [], user: '' });
  });
});
