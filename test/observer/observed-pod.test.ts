import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/observer/trouble.ts';
import type { ObservedPod } from '../../src/observer/observed-pod.ts';
import { observed, type PodCase, states } from '../support/observed.ts';

// What the status of a pod says, and of whom.

const fine: readonly (readonly [string, PodCase, ObservedPod['state']])[] = [
  ['all containers run', {}, 'running'],
  ['it is not scheduled', { phase: 'Pending', app: {} }, 'starting'],
  ['a container is being created', { phase: 'Pending', app: states.waiting('ContainerCreating') }, 'starting'],
  ['it waits for its init containers', { phase: 'Pending', app: states.waiting('PodInitializing') }, 'starting'],
  ['it has succeeded', { phase: 'Succeeded' }, 'ended'],
  ['it was evicted', { phase: 'Failed', app: {}, sidecar: {} }, 'ended'],
  [
    'it crashes, and is being deleted',
    { app: states.crashing(), metadata: { deletionTimestamp: '2026-11-30T11:59:00Z' } },
    'ended',
  ],
  [
    'the init container of the agent has succeeded',
    { agentInit: { restartCount: 0, state: { terminated: { exitCode: 0 } } } },
    'running',
  ],
];

const failed: readonly (readonly [string, PodCase, ObservedPod['state'], Evidence, number])[] = [
  ['the app crashes', { app: states.crashing(3) }, 'crashing', 'suspect', 3],
  ['the app has crashed once, and runs', { app: states.restarted(10, 1) }, 'crashing', 'suspect', 1],
  ['a sidecar crashes', { sidecar: states.crashing() }, 'crashing', 'none', 2],
  ['the app is ended from outside', { app: states.crashing(2, { exitCode: 143 }) }, 'crashing', 'none', 2],
  [
    'the JVM cannot load our file',
    { app: states.crashing(2, { message: 'Error opening zip file or JAR manifest missing : /acme-agent/agent.jar' }) },
    'crashing',
    'certain',
    2,
  ],
  [
    'the log of an app that crashes, in which the JVM and a stack trace name our files',
    {
      app: states.crashing(2, {
        message: [
          'Picked up JAVA_TOOL_OPTIONS: -javaagent:/acme-agent/agent.jar',
          'Exception in thread "main" java.lang.IllegalStateException: no database',
          '\tat com.acme.Wrapper.call(/acme-agent/agent.jar)',
        ].join('\n'),
      }),
    },
    'crashing',
    'suspect',
    2,
  ],
  [
    'the log in which the JVM cannot load our file, after it has named it',
    {
      app: states.crashing(2, {
        message: [
          'Picked up JAVA_TOOL_OPTIONS: -javaagent:/acme-agent/agent.jar',
          'Error opening zip file or JAR manifest missing : /acme-agent/agent.jar',
        ].join('\n'),
      }),
    },
    'crashing',
    'certain',
    2,
  ],
  [
    'the JVM cannot load a file of the app',
    {
      app: states.crashing(2, {
        message: [
          'Picked up JAVA_TOOL_OPTIONS: -javaagent:/acme-agent/agent.jar',
          'Error opening zip file or JAR manifest missing : /app/own.jar',
        ].join('\n'),
      }),
    },
    'crashing',
    'suspect',
    2,
  ],
  [
    'Node.js cannot find our module',
    { app: states.crashing(2, { message: "Error: Cannot find module '/acme-agent/index.js'" }) },
    'crashing',
    'certain',
    2,
  ],
  [
    'an app that logs JSON cannot find a module of its own, and our hook is in the stack trace',
    {
      app: states.crashing(2, {
        message: String.raw`{"level":"fatal","msg":"Cannot find module './config'","stack":"Error: Cannot find module './config'\n    at Hook.require (/acme-agent/node_modules/hook/index.js:1:1)"}`,
      }),
    },
    'crashing',
    'suspect',
    2,
  ],
  [
    'an app that logs JSON cannot find our module',
    {
      app: states.crashing(2, { message: String.raw`{"stack":"Error: Cannot find module \"/acme-agent/index.js\""}` }),
    },
    'crashing',
    'certain',
    2,
  ],
  [
    'a file of the app whose path contains one of ours is not found',
    { app: states.crashing(2, { message: "Error: Cannot find module '/app/acme-agent/index.js'" }) },
    'crashing',
    'suspect',
    2,
  ],
  [
    'a file of the app whose path begins as one of ours is not found',
    { app: states.crashing(2, { message: "Error: Cannot find module '/acme-agent-demo/index.js'" }) },
    'crashing',
    'suspect',
    2,
  ],
  [
    'the command of the app, whose path contains one of ours, is not there',
    { app: states.waiting('RunContainerError', 'exec: "/srv/acme-agent/run": no such file or directory') },
    'crashing',
    'suspect',
    1,
  ],
  [
    'a hook of the app fails, and what it has printed names our file',
    {
      app: states.waiting(
        'PostStartHookError',
        String.raw`Exec lifecycle hook ([warm-up]) failed, message: "Picked up JAVA_TOOL_OPTIONS: -javaagent:/acme-agent/agent.jar\nno database"`,
      ),
    },
    'crashing',
    'suspect',
    1,
  ],
  [
    'our volume cannot be mounted',
    { app: states.waiting('RunContainerError', 'mkdir /acme-agent: read-only file system') },
    'crashing',
    'certain',
    1,
  ],
  [
    'the command of the app is not there',
    { app: states.waiting('CreateContainerError', 'no /app') },
    'crashing',
    'suspect',
    1,
  ],
  [
    'the memory of the app ends',
    { app: states.crashing(2, { reason: 'OOMKilled', exitCode: 137 }) },
    'out-of-memory',
    'suspect',
    2,
  ],
  [
    'our init container fails',
    { phase: 'Pending', agentInit: states.crashing(), app: states.waiting('PodInitializing') },
    'copy-failed',
    'certain',
    2,
  ],
  [
    'the image of our init container is not pulled',
    { phase: 'Pending', agentInit: states.waiting('ImagePullBackOff'), app: states.waiting('PodInitializing') },
    'pull-failed',
    'certain',
    1,
  ],
  [
    'the image of the app is not pulled',
    { phase: 'Pending', app: states.waiting('ErrImagePull', 'app:2') },
    'pull-failed',
    'none',
    1,
  ],
  [
    'the image of our volume is not pulled',
    { phase: 'Pending', app: states.waiting('ErrImagePull', 'pulling registry.example.com/acme:1: not found') },
    'pull-failed',
    'certain',
    1,
  ],
  [
    'a pod of a Job fails',
    { phase: 'Failed', app: { restartCount: 0, state: { terminated: { exitCode: 1, reason: 'Error' } } } },
    'crashing',
    'suspect',
    1,
  ],
  [
    'our init container fails and the app does, too: what is certain counts',
    { app: states.crashing(), agentInit: states.crashing() },
    'copy-failed',
    'certain',
    2,
  ],
];

describe('the state of a pod', () => {
  it.each(fine)('%s', (_, given, state) => {
    expect(observed(given)).toMatchObject({ state });
    expect(observed(given)).not.toHaveProperty('trouble');
  });

  it.each(failed)('%s', (_, given, state, evidence, failures) => {
    expect(observed(given)).toMatchObject({ state, trouble: { evidence, failures } });
  });

  it('of a pod without an agent is never evidence against one', () => {
    expect(observed({ profile: undefined, app: states.crashing() })).toMatchObject({
      profile: '',
      trouble: { evidence: 'none', profiles: {} },
    });
  });

  it('has the workload as an admission sees it and as people know it, and the versions of the agents', () => {
    expect(observed({ app: states.crashing(2, { reason: 'OOMKilled' }) })).toMatchObject({
      workload: { namespace: 'shop', key: 'ReplicaSet/web', shown: 'Deployment/web' },
      trouble: { profiles: { 'acme-java': '0123abcd' }, node: 'node-1', memoryLimit: '128Mi' },
    });
  });

  it('shows the owner that a pod names on one line, and not at length: the API server validates neither', () => {
    const owner = { apiVersion: 'v1', kind: 'X\u001B[2J', name: `a\n${'b'.repeat(9000)}`, uid: 'u', controller: true };
    const { shown } = observed({ metadata: { ownerReferences: [owner] } }).workload;
    expect(shown).not.toMatch(/\p{Cc}/u);
    expect(shown.length).toBeLessThan(400);
  });

  it('of a pod with a record that is not valid has no evidence', () => {
    const pod = { metadata: { annotations: { 'agent-injector.io/status': '{"decision":1}' } } };
    expect(observed({ ...pod, app: states.crashing() }).trouble?.evidence).toBe('none');
  });
});
