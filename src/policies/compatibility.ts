import { key, LIBCS, SUSPENDED } from '../api/keys.ts';
import { nodeLabels, type NodeFact, OS_LABEL } from '../kubernetes/labels.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { deliveryNeeds } from '../profiles/delivery.ts';
import type { Delivery } from '../profiles/delivery.ts';
import type { Profile } from '../profiles/profile.ts';
import { allOf, anyOf, type Cel, firstOf, matchesGlobOf, perContainer, quoted, quotedList, splitText } from './cel.ts';
import { settingLookup } from './values/lookups.ts';

export type Cases = readonly (readonly [condition: Cel, code: Cel])[];

const KINDS = quotedList(Object.keys(deliveryNeeds));

/** The settings of the pod, the nodes that it can run on, and its owner. */
export function compatibilityVariables(catalogue: Catalogue): readonly (readonly [string, Cel])[] {
  return [
    ['libc', perContainer(settingLookup(catalogue, ['libc'], true))],
    ['initPosition', settingLookup(catalogue, ['init-position'])],
    ['excludeDeliveries', settingLookup(catalogue, ['exclude-deliveries'])],
    ['imageVolumes', settingLookup(catalogue, ['image-volumes'])],
    ['excludeOwners', settingLookup(catalogue, ['exclude-owners'])],
    [
      'ownerKind',
      'size(variables.owners) > 0 && has(variables.owners[0].kind) ? string(variables.owners[0].kind) : ""',
    ],
    [
      'nodeTerms',
      'has(object.spec.affinity) && has(object.spec.affinity.nodeAffinity) && ' +
        'has(object.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution) ? ' +
        'object.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms : []',
    ],
    ['nodeSelector', 'has(object.spec.nodeSelector) ? object.spec.nodeSelector : {}'],
    ['mayRunOnLinux', mayRunOn('os', 'linux')],
    ['mayRunOnWindows', mayRunOn('os', 'windows')],
    [
      'imageNames',
      perContainer('has(c.image) ? c.image.substring(c.image.lastIndexOf("/") + 1).split("@")[0].lowerAscii() : ""'),
    ],
    ['os', perContainer(osOfContainer)],
  ];
}

/** Labels from whose values more follows than one expression says. */
const OTHER_LABELS = nodeLabels.filter(({ valueOf }) => valueOf !== 'itself').map((label) => label.key);

/** True if the pod chooses nodes by a label of which only the webhook knows what it says. */
export const choosesByOtherLabel: Cel = anyOf([
  `${quotedList(OTHER_LABELS)}.exists(l, l in variables.nodeSelector)`,
  `variables.nodeTerms.exists(t, has(t.matchExpressions) && t.matchExpressions.exists(e, e.key in ${quotedList(OTHER_LABELS)}))`,
]);

function mayRunOn(fact: NodeFact, value: string): Cel {
  const labels = nodeLabels.filter(({ says, valueOf }) => says === fact && valueOf === 'itself').map((one) => one.key);
  const text = quoted(value);
  const isSelected = `${quotedList(labels)}.all(l, !(l in variables.nodeSelector) || variables.nodeSelector[l] == ${text})`;
  const isMet =
    `!(e.key in ${quotedList(labels)}) || (e.operator == "In" ? has(e.values) && ${text} in e.values : ` +
    `e.operator == "NotIn" ? !(has(e.values) && ${text} in e.values) : e.operator != "DoesNotExist")`;
  const isOfTerm = `!has(t.matchExpressions) || t.matchExpressions.all(e, ${isMet})`;
  return allOf([isSelected, `size(variables.nodeTerms) == 0 || variables.nodeTerms.exists(t, ${isOfTerm})`]);
}

const windowsOptions = (owner: Cel): Cel =>
  `has(${owner}.securityContext) && has(${owner}.securityContext.windowsOptions)`;

const osOfContainer: Cel = firstOf(
  [
    ['has(object.spec.os) && has(object.spec.os.name)', 'string(object.spec.os.name)'],
    [`${quoted(OS_LABEL)} in variables.nodeSelector`, `string(variables.nodeSelector[${quoted(OS_LABEL)}])`],
    ['variables.mayRunOnLinux && !variables.mayRunOnWindows', '"linux"'],
    ['!variables.mayRunOnLinux', 'variables.mayRunOnWindows ? "windows" : ""'],
    [
      anyOf([
        windowsOptions('object.spec'),
        windowsOptions('c'),
        String.raw`variables.imageNames[i].matches("(^|[^a-z])(windowsservercore|nanoserver|ltsc20[0-9][0-9])([^a-z]|$)")`,
      ]),
      '"windows"',
    ],
  ],
  '"linux"',
);

/** Why the agent does not fit the container, in the order of injection/compatibility.ts. */
export function compatibilityReasons({ name, constraints, namespaces }: Profile, catalogue: Catalogue): Cases {
  const { os, arch, libc, excludeOwners } = constraints;
  const isMusl = String.raw`variables.imageNames[i].matches("(^|[^a-z])(alpine|musl)([^a-z]|$)")`;
  const actualLibc = `(size(variables.libc[i]) > 0 ? variables.libc[i][0] : ${isMusl} ? "musl" : "")`;
  const isSuspended = settingLookup(catalogue, [`${SUSPENDED}.${name}`]);
  return [
    [`[${isSuspended}].exists(s, size(s) > 0 && s[0].trim() != "false")`, '"suspended"'],
    [
      anyOf([
        `size(variables.libc[i]) > 0 && !(variables.libc[i][0] in ${quotedList(LIBCS)})`,
        `size(variables.initPosition) > 0 && !variables.initPosition[0].trim().matches("^(first|last|before[ \\\\t]+[a-z0-9-]{1,63})$")`,
        `size(variables.excludeDeliveries) > 0 && variables.excludeDeliveries[0].trim() != "none" && ${splitText('variables.excludeDeliveries[0]')}.exists(k, !(k in ${KINDS}))`,
        `size(variables.imageVolumes) > 0 && !(variables.imageVolumes[0] in ["auto", "on", "off"])`,
      ]),
      '"invalid-value"',
    ],
    ...(namespaces
      ? [
          [
            `!(${anyOf(namespaces.map((glob) => matchesGlobOf(glob, 'namespaceObject.metadata.name')))})`,
            '"profile-not-allowed"',
          ] as const,
        ]
      : []),
    ...(excludeOwners.length === 0
      ? []
      : [[`variables.ownerKind in ${quotedList(excludeOwners)}`, '"owner-excluded"'] as const]),
    [choosesByOtherLabel, '"beyond-policy: the pod chooses nodes by a label that says their system in words"'],
    [`!(variables.os[i] in ${quotedList(os)})`, '"os-unsupported"'],
    ...(arch ? [[`!(${anyOf(arch.map((one) => mayRunOn('arch', one)))})`, '"arch-unsupported"'] as const] : []),
    ...(libc
      ? [[`${actualLibc} != "" && !(${actualLibc} in ${quotedList(libc)})`, '"libc-unsupported"'] as const]
      : []),
  ];
}

/** Whether the pod may get an agent at all, in the order of admission/opt-in.ts; `-` for one that asks for nothing. */
export function optInReasons(catalogue: Catalogue): Cases {
  const inject = settingLookup(catalogue, ['inject']);
  const suspended = settingLookup(catalogue, [SUSPENDED]);
  return [
    ['"kubernetes.io/config.mirror" in variables.podAnnotations', '"-"'],
    [
      `${quoted(key('injection'))} in variables.podLabels && variables.podLabels[${quoted(key('injection'))}] == "disabled"`,
      '"-"',
    ],
    [
      `${quoted(key('injection'))} in variables.podLabels && variables.podLabels[${quoted(key('injection'))}] == "required"`,
      '"beyond-policy: the pod requires an agent, and a policy refuses none"',
    ],
    [
      `size(variables.excludeOwners) > 0 && variables.ownerKind != "" && variables.ownerKind in ${splitText('variables.excludeOwners[0]')}`,
      '"-"',
    ],
    [
      `[${inject}].exists(s, size(s) > 0 && s[0] != "true" && s[0] != "false")`,
      `[${suspended}].exists(s, size(s) > 0 && s[0].trim() != "false") ? "suspended" : "invalid-value"`,
    ],
    [`[${inject}].exists(s, size(s) > 0 && s[0] == "false")`, '"-"'],
    [`[${suspended}].exists(s, size(s) > 0 && s[0].trim() != "false")`, '"suspended"'],
    [
      'variables.namespaceAnnotations.exists(k, k.contains("agent-injector.io/") && size(variables.namespaceAnnotations[k]) > 1024)',
      '"beyond-policy: an annotation of the namespace is longer than 1024 characters"',
    ],
    [
      'variables.namespaceAnnotations.exists(k, k.startsWith("agent-injector.io/canary"))',
      '"beyond-policy: the namespace has a canary, and a policy cannot tell which workloads are in it"',
    ],
    ['size(variables.patterns) > 50', '"invalid-value"'],
    [
      'has(object.spec.initContainers) && variables.patterns.exists(p, object.spec.initContainers.exists(n, n.name == p))',
      '"beyond-policy: the setting containers names an init container"',
    ],
    [
      'object.spec.containers.exists(c, has(c.volumeMounts) && c.volumeMounts.exists(m, m.mountPath.contains("..")))',
      '"beyond-policy: the path of a mount has .. in it"',
    ],
  ];
}

/** Why the delivery cannot be used, in the order of injection/delivery/requirements.ts. */
export function deliveryReasons(
  { constraints, objects }: Profile,
  delivery: Delivery,
  isMet: (index: number) => Cel,
): Cases {
  const os = delivery.os ?? constraints.os;
  const hostPaths = objects.flatMap(({ kind }, index) => (kind === 'hostPath' ? [isMet(index)] : []));
  const needsPrivileged = deliveryNeeds[delivery.kind].baseline ? anyOf(hostPaths) : 'true';
  const enforce = '"pod-security.kubernetes.io/enforce"';
  return [
    [
      `size(variables.excludeDeliveries) > 0 && variables.excludeDeliveries[0].trim() != "none" && ${quoted(delivery.kind)} in ${splitText('variables.excludeDeliveries[0]')}`,
      '"delivery-not-possible"',
    ],
    [`!(variables.os[i] in ${quotedList(os)})`, '"delivery-not-possible"'],
    [
      allOf([
        needsPrivileged,
        `!(${enforce} in variables.namespaceLabels && variables.namespaceLabels[${enforce}] == "privileged")`,
      ]),
      '"delivery-not-possible"',
    ],
  ];
}
