import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { isAtLeast, type KubernetesVersion, parseVersion, versionText } from '../version.ts';

/** What is kept of a Node: what its kubelet says about itself. Nodes of one kind share it. */
export interface NodeKind {
  readonly kubelet: string;
  readonly runtime: string;
  readonly os: string;
}

/** What is true of the nodes as a whole. It stays the same while nodes of known kinds come and go. */
export interface NodeFacts {
  /** Every node that can run a Linux pod can mount an image as a volume, and a part of one by `subPath`. */
  readonly mountImages: boolean;
  /** There is only one node. */
  readonly single: boolean;
}

/** A node decides what its texts are. */
const MAX_LENGTH = 64;

export function nodeKindOf(node: JsonObject): NodeKind {
  const info = objectIn(objectIn(node, 'status'), 'nodeInfo');
  const text = (name: string): string => textIn(info, name).slice(0, MAX_LENGTH);
  return { kubelet: text('kubeletVersion'), runtime: text('containerRuntimeVersion'), os: text('operatingSystem') };
}

/** The facts of nodes of these kinds; undefined if there are none, since the next node may be of any kind. */
export function nodeFacts(kinds: Iterable<NodeKind>, count: number): NodeFacts | undefined {
  const linux = [...kinds].filter((kind) => kind.os !== 'windows');
  if (linux.length === 0) return undefined;
  return { mountImages: linux.every((kind) => imageVolumeProblem(kind) === undefined), single: count === 1 };
}

/** The feature gate ImageVolume is on by default (k8s.io/kubernetes pkg/features); without it, a kubelet has no plugin for such a volume. */
const KUBELET: KubernetesVersion = { major: 1, minor: 35 };

/** Since these versions, a runtime mounts the `subPath` of an image; containerd 2.1 mounts the whole image without a word. Others mount nothing. */
const RUNTIMES: Readonly<Record<string, KubernetesVersion>> = {
  containerd: { major: 2, minor: 2 },
  'cri-o': { major: 1, minor: 33 },
};

/** Why a node cannot mount images, such as `kubelet 1.33`; undefined if it can. */
export function imageVolumeProblem({ kubelet, runtime, os }: NodeKind): string | undefined {
  if (os === 'windows') return 'Windows';
  const version = parseVersion(kubelet);
  if (!version || !isAtLeast(version, KUBELET)) return `kubelet ${version ? versionText(version) : 'unknown'}`;
  return runtime === '' ? 'runtime unknown' : runtimeProblem(runtime);
}

/** `runtime`: `containerd://2.2.9`. */
function runtimeProblem(runtime: string): string | undefined {
  const [name = '', found = ''] = runtime.split('://');
  const minimum = Object.hasOwn(RUNTIMES, name) ? RUNTIMES[name] : undefined;
  const actual = parseVersion(found);
  if (!actual) return name;
  return minimum && isAtLeast(actual, minimum) ? undefined : `${name} ${versionText(actual)}`;
}
