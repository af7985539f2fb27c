/** A reference to an object, or without a name to all objects of the kind. `apiVersion` overrides the table below. */
export interface Ref {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly apiVersion?: string | undefined;
}

interface KindRow {
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const row = (apiVersion: string, plural: string, namespaced = true): KindRow => ({ apiVersion, plural, namespaced });

const KINDS: Readonly<Record<string, KindRow>> = {
  Namespace: row('v1', 'namespaces', false),
  Node: row('v1', 'nodes', false),
  PersistentVolume: row('v1', 'persistentvolumes', false),
  Pod: row('v1', 'pods'),
  Secret: row('v1', 'secrets'),
  ConfigMap: row('v1', 'configmaps'),
  Service: row('v1', 'services'),
  ServiceAccount: row('v1', 'serviceaccounts'),
  PersistentVolumeClaim: row('v1', 'persistentvolumeclaims'),
  ResourceQuota: row('v1', 'resourcequotas'),
  LimitRange: row('v1', 'limitranges'),
  StorageClass: row('storage.k8s.io/v1', 'storageclasses', false),
  VolumeAttachment: row('storage.k8s.io/v1', 'volumeattachments', false),
  CSIDriver: row('storage.k8s.io/v1', 'csidrivers', false),
  CSINode: row('storage.k8s.io/v1', 'csinodes', false),
  Event: row('v1', 'events'),
  ReplicationController: row('v1', 'replicationcontrollers'),
  Deployment: row('apps/v1', 'deployments'),
  ReplicaSet: row('apps/v1', 'replicasets'),
  StatefulSet: row('apps/v1', 'statefulsets'),
  DaemonSet: row('apps/v1', 'daemonsets'),
  Job: row('batch/v1', 'jobs'),
  CronJob: row('batch/v1', 'cronjobs'),
  Rollout: row('argoproj.io/v1alpha1', 'rollouts'),
  HorizontalPodAutoscaler: row('autoscaling/v2', 'horizontalpodautoscalers'),
  PodDisruptionBudget: row('policy/v1', 'poddisruptionbudgets'),
  NetworkPolicy: row('networking.k8s.io/v1', 'networkpolicies'),
  EndpointSlice: row('discovery.k8s.io/v1', 'endpointslices'),
  Lease: row('coordination.k8s.io/v1', 'leases'),
  Role: row('rbac.authorization.k8s.io/v1', 'roles'),
  RoleBinding: row('rbac.authorization.k8s.io/v1', 'rolebindings'),
  // Of the OpenTelemetry Operator; New Relic's has the same kind.
  Instrumentation: row('opentelemetry.io/v1alpha1', 'instrumentations'),
  OpenTelemetryCollector: row('opentelemetry.io/v1beta1', 'opentelemetrycollectors'),
  AgentProfile: row('agent-injector.io/v1alpha1', 'agentprofiles', false),
  AgentTarget: row('agent-injector.io/v1alpha1', 'agenttargets'),
  ClusterAgentTarget: row('agent-injector.io/v1alpha1', 'clusteragenttargets', false),
  CustomResourceDefinition: row('apiextensions.k8s.io/v1', 'customresourcedefinitions', false),
  ClusterRole: row('rbac.authorization.k8s.io/v1', 'clusterroles', false),
  ClusterRoleBinding: row('rbac.authorization.k8s.io/v1', 'clusterrolebindings', false),
  MutatingWebhookConfiguration: row('admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations', false),
  MutatingAdmissionPolicy: row('admissionregistration.k8s.io/v1', 'mutatingadmissionpolicies', false),
  MutatingAdmissionPolicyBinding: row('admissionregistration.k8s.io/v1', 'mutatingadmissionpolicybindings', false),
  ValidatingAdmissionPolicy: row('admissionregistration.k8s.io/v1', 'validatingadmissionpolicies', false),
  ValidatingAdmissionPolicyBinding: row('admissionregistration.k8s.io/v1', 'validatingadmissionpolicybindings', false),
  ValidatingWebhookConfiguration: row('admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', false),
};

/** The path of an object, or of the collection when it has no name. */
export function pathOf(ref: Omit<Ref, 'name'> & { readonly name?: string | undefined }): string {
  const known = KINDS[ref.kind];
  if (!known) throw new Error(`test/e2e/kinds.ts has no row for the kind ${ref.kind}: add a row`);
  const apiVersion = ref.apiVersion ?? known.apiVersion;
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = known.namespaced && ref.namespace !== undefined ? `/namespaces/${ref.namespace}` : '';
  const name = ref.name === undefined ? '' : `/${ref.name}`;
  return `${group}${namespace}/${known.plural}${name}`;
}
