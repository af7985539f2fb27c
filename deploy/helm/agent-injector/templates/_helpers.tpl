{{- define "agent-injector.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- /* At most 52 characters, so that names with "-metrics", "-test" or the suffix of a ReplicaSet fit in 63. */}}
{{- define "agent-injector.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := include "agent-injector.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The API server calls mutating webhooks in the order of the names of their configurations (docs/adr/0021-called-last.md). */}}
{{- define "agent-injector.webhookConfiguration" -}}
{{- ternary "zz-" "" (eq .Values.webhook.order "last") }}{{ include "agent-injector.fullname" . }}
{{- end }}

{{- define "agent-injector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "agent-injector.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Called with (list $ "component"). */}}
{{- define "agent-injector.labels" -}}
{{- include "agent-injector.selectorLabels" (index . 0) }}
{{ include "agent-injector.commonLabels" . }}
{{- end }}

{{- define "agent-injector.commonLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/part-of: agent-injector
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "agent-injector.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "agent-injector.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "agent-injector.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- /* Name of the Secret with the certificate. */}}
{{- define "agent-injector.tlsSecret" -}}
{{- if eq .Values.certificates.source "existingSecret" -}}
{{ required "certificates.source is existingSecret: set certificates.existingSecret.name" .Values.certificates.existingSecret.name }}
{{- else -}}
{{ include "agent-injector.fullname" . }}-tls
{{- end }}
{{- end }}

{{- /* Name of the ConfigMap with the profiles; empty if there is none. */}}
{{- define "agent-injector.profiles" -}}
{{- if .Values.profilesConfigMap -}}
{{ .Values.profilesConfigMap }}
{{- else if .Values.profiles -}}
{{ include "agent-injector.fullname" . }}-profiles
{{- end }}
{{- end }}

{{- /* Not empty if the server writes the CA into the webhook configuration. */}}
{{- define "agent-injector.publishes" -}}
{{- if or (eq .Values.certificates.source "issued") (and (eq .Values.certificates.source "existingSecret") (not .Values.certificates.existingSecret.caBundle)) -}}
yes
{{- end }}
{{- end }}

{{- /* Required by the PodSecurity level "restricted". */}}
{{- define "agent-injector.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Null leaves the user to the image (65532), or to OpenShift, which assigns its own. */}}
{{- define "agent-injector.podSecurityContext" -}}
runAsNonRoot: true
{{- range $name := list "runAsUser" "runAsGroup" }}
{{- with index $.Values $name }}
{{ $name }}: {{ int64 . }}
{{- end }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- /* What a pod would get by automountServiceAccountToken, except that its token ends after an hour: the API server extends one that is mounted
       automatically to a year. */}}
{{- define "agent-injector.tokenVolume" -}}
- name: kube-api-access
  projected:
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end }}

{{- define "agent-injector.tokenMount" -}}
- name: kube-api-access
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}

{{- /* Address of the admin port; empty for all addresses of the pod. The network of the node has the address of the node. */}}
{{- define "agent-injector.adminHost" -}}
{{- .Values.adminHost | default (ternary "127.0.0.1" "" .Values.hostNetwork) }}
{{- end }}

{{- /* Not empty if nothing outside of the pod's network reaches the admin port. */}}
{{- define "agent-injector.adminIsLocal" -}}
{{- if regexMatch "^(127\\.|::1$)" (include "agent-injector.adminHost" .) -}}
yes
{{- end }}
{{- end }}

{{- /* Value of the setting "settableBy": NAME=LEVEL|LEVEL,… Empty if there is none. */}}
{{- define "agent-injector.settableBy" -}}
{{- $entries := list }}
{{- range $name, $levels := .Values.settableBy }}{{- $entries = append $entries (printf "%s=%s" $name (join "|" $levels)) }}{{- end }}
{{- join "," $entries }}
{{- end }}

{{- /* Value of the setting "checks". */}}
{{- define "agent-injector.checks" -}}
{{- $checks := list }}
{{- range list "claims" "volumes" "quotas" "nodes" }}
{{- if index $.Values.checks . }}{{- $checks = append $checks . }}{{- end }}
{{- end }}
{{- join "," $checks | default "none" }}
{{- end }}

{{/* The configuration file. The pods restart when it changes. */}}
{{- define "agent-injector.configuration" -}}
tenancy: {{ .Values.tenancy }}
{{- with .Values.allowedProfiles }}
allowedProfiles: {{ join "," . | quote }}
{{- end }}
builtInProfiles: {{ .Values.builtInProfiles }}
{{- with include "agent-injector.settableBy" . }}
settableBy: {{ . | quote }}
{{- end }}
{{- with .Values.revision }}
revision: {{ . | quote }}
{{- end }}
{{- if .Values.required.strict }}
strictRequired: true
{{- end }}
{{- with .Values.podSecurityDefault }}
podSecurityDefault: {{ . }}
{{- end }}
checks: {{ include "agent-injector.checks" . | quote }}
{{- if not .Values.podLabel }}
podLabel: false
{{- end }}
{{- $injection := get (dict "true" "on" "false" "off") (toString .Values.injection) | default .Values.injection }}
{{- if ne $injection "on" }}
injection: {{ $injection | quote }}
{{- end }}
{{- if .Values.observer.enabled }}
breaker: {{ .Release.Namespace }}/{{ include "agent-injector.fullname" . }}-breaker
{{- end }}
{{- if or .Values.crds.install .Values.crds.use }}
lease: {{ .Release.Namespace }}/{{ include "agent-injector.fullname" . }}-status
{{- end }}
{{- if .Values.imageFacts.enabled }}
imageFacts: {{ .Release.Namespace }}/{{ include "agent-injector.fullname" . }}-image-facts
imageFactsMaxAge: {{ .Values.imageFacts.maxAge }}
{{- end }}
{{- if .Values.configMapKeys.enabled }}
configMapKeys: true
{{- end }}
defaults:
  {{- toYaml .Values.defaults | nindent 2 }}
{{- end }}

{{- /* Alerts with the address of the section that each description names. Called with (list URL ALERTS); without an URL, they stay as they are. */}}
{{- define "agent-injector.withRunbooks" -}}
{{- $url := index . 0 }}
{{- range $line := splitList "\n" (index . 1) }}
{{ $line }}
{{- if and $url (regexMatch "See \"[^\"]+\" in docs/operations" $line) }}
    runbook_url: {{ $url }}#{{ regexReplaceAll "^.*See \"([^\"]+)\" in docs.*$" $line "${1}" | lower | replace " " "-" }}
{{- end }}
{{- end }}
{{- end }}
