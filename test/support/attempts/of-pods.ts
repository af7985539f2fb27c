import {
  agent,
  type Attempt,
  byLabel,
  chosen,
  everywhere,
  ignored,
  locked,
  none,
  optOut,
  refused,
  settingLocked,
  silent,
  unlessHostile,
  unrecorded,
} from './attempt.ts';
import { choicesOn } from './on-both.ts';

/** What the vendor's article writes by hand: the agent's variables, and no files. */
const variablesOfAgent = [
  { name: 'CORECLR_ENABLE_PROFILING', value: '1' },
  { name: 'CORECLR_PROFILER', value: '{6C7CAF0F-D0E5-4274-A71B-6551761BBDC8}' },
  { name: 'CORECLR_PROFILER_PATH', value: '/netagent/bin/libAriesProfiler.so' },
];
const variablesOfOther = [
  { name: 'CORECLR_ENABLE_PROFILING', value: '1' },
  { name: 'CORECLR_PROFILER', value: '{846F5F1C-F9AE-4B07-969E-05C26BC060D8}' },
  { name: 'CORECLR_PROFILER_PATH', value: '/opt/datadog/Datadog.Trace.ClrProfiler.Native.so' },
];

const noTarget = byLabel(none('no-target-container'), refused('no-target-container'));

/** Of a user who may create, get, list and delete pods. */
export const attemptsOnPods: readonly Omit<Attempt, 'who'>[] = [
  {
    id: 'pod-image',
    what: "choose the agent's image (`agent-image`)",
    sets: { 'agent-image': 'evil.example.com/x:1' },
    text: 'evil.example.com',
    ends: everywhere(locked),
  },
  {
    id: 'pod-node-path',
    what: 'choose a directory of the node (`host-path`)',
    sets: { 'host-path': '/evil' },
    text: '/evil',
    ends: everywhere(locked),
  },
  ...choicesOn('pod'),
  {
    id: 'pod-profile',
    what: 'choose another profile',
    sets: { profile: 'opentelemetry-java', 'otlp-endpoint': 'http://evil.example.com' },
    text: 'evil.example.com',
    ends: byLabel(chosen, settingLocked),
  },
  {
    id: 'pod-no-profile',
    what: 'choose no profile (`profile: none`)',
    sets: { profile: 'none' },
    ends: byLabel(silent, settingLocked),
  },
  {
    id: 'pod-no-profile-alone',
    what: 'choose no profile, where the Namespace sets none',
    given: { profile: null },
    sets: { profile: 'none' },
    ends: unlessHostile(byLabel(silent, refused('no-profile')), settingLocked),
  },
  {
    id: 'pod-delivery-preinstalled',
    what: 'say that the agent is in the image (`delivery: preinstalled`)',
    sets: { delivery: 'preinstalled' },
    ends: unlessHostile(byLabel(chosen, refused('delivery-not-possible')), settingLocked),
  },
  {
    id: 'pod-delivery-fixed',
    what: 'choose a delivery, where the Namespace sets one',
    given: { delivery: 'auto' },
    sets: { delivery: 'preinstalled' },
    ends: byLabel(chosen, settingLocked),
  },
  {
    id: 'pod-containers',
    what: 'choose one of two containers',
    pod: { containers: ['app', 'evil'] },
    sets: { containers: 'evil' },
    ends: unlessHostile(everywhere(chosen), settingLocked),
  },
  {
    id: 'pod-containers-fixed',
    what: 'choose another container than the Namespace',
    given: { containers: 'app' },
    pod: { containers: ['app', 'evil'] },
    sets: { containers: 'evil' },
    ends: byLabel(chosen, settingLocked),
  },
  {
    id: 'pod-containers-nothing',
    what: 'choose no container',
    sets: { containers: 'nothing' },
    ends: unlessHostile(noTarget, settingLocked),
  },
  {
    id: 'pod-container-name',
    what: 'name the container like a sidecar',
    pod: { containers: ['istio-proxy'] },
    ends: noTarget,
  },
  {
    id: 'pod-libc',
    what: 'say that the image has another C library (`libc`)',
    sets: { libc: 'musl' },
    ends: byLabel(none('libc-unsupported'), refused('libc-unsupported')),
  },
  {
    id: 'pod-exclude-deliveries',
    what: 'exclude the delivery (`exclude-deliveries`)',
    sets: { 'exclude-deliveries': 'persistentVolumeClaim' },
    ends: everywhere(settingLocked),
  },
  {
    id: 'pod-exclude-owners',
    what: 'exclude its own owner (`exclude-owners`)',
    pod: { owner: 'Job' },
    sets: { 'exclude-owners': 'Job' },
    ends: everywhere(settingLocked),
  },
  {
    id: 'pod-owner',
    what: 'forge an owner that the Namespace excludes',
    given: { 'exclude-owners': 'Job' },
    pod: { owner: 'Job' },
    ends: unlessHostile(byLabel(silent, ignored('owner-not-excluded')), settingLocked),
  },
  { id: 'pod-inject', what: 'opt out (`inject: "false"`)', sets: { inject: 'false' }, ends: optOut },
  {
    id: 'pod-label-disabled',
    what: 'opt out by the label `disabled`',
    labels: { injection: 'disabled' },
    ends: byLabel(silent, none('required-opt-out', { record: 'opted-out' }), ignored('unknown-label')),
  },
  {
    id: 'pod-label-unknown',
    what: 'opt out by another value of the label (`exempt`)',
    labels: { injection: 'exempt' },
    ends: everywhere(ignored('unknown-label')),
  },
  {
    id: 'pod-label-required',
    what: 'require its agent by the label `required`',
    labels: { injection: 'required' },
    ends: everywhere(agent),
  },
  {
    id: 'pod-mirror',
    what: 'pass for a mirror pod, which no kubelet starts',
    pod: { annotations: { 'kubernetes.io/config.mirror': 'x' }, nodeName: 'a-node' },
    ends: everywhere(silent),
  },
  {
    id: 'pod-agent-variables',
    what: "set the agent's variables without its files",
    pod: { env: variablesOfAgent },
    ends: byLabel(none('variables-already-set', { warned: false }), refused('variables-already-set')),
  },
  {
    id: 'pod-other-agent',
    what: "set the variables of another vendor's agent",
    pod: { env: variablesOfOther },
    ends: byLabel(none('foreign-profiler'), refused('foreign-profiler')),
  },
  {
    id: 'pod-other-injector',
    what: 'ask another injector for its agent (`instrumentation.opentelemetry.io/inject-dotnet`)',
    sets: { 'instrumentation.opentelemetry.io/inject-dotnet': 'true' },
    ends: byLabel(none('foreign-agent-requested'), refused('foreign-agent-requested')),
  },
  {
    id: 'pod-windows',
    what: 'ask for a node with Windows',
    pod: { nodeSelector: { 'kubernetes.io/os': 'windows' } },
    ends: byLabel(none('os-unsupported'), refused('os-unsupported')),
  },
  {
    id: 'pod-full',
    what: 'leave no room for the record (annotations of 256 KiB)',
    pod: { annotations: { 'example.com/full': 'x'.repeat(262_080) } },
    ends: everywhere(unrecorded),
  },
  {
    id: 'pod-invalid',
    what: 'set a value that is not valid',
    sets: { 'domain-id': 'none' },
    ends: byLabel(none('invalid-value'), refused('invalid-value')),
  },
];
