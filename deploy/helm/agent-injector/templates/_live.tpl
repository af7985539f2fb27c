{{- /* The clientConfig of each entry, by its name, as JSON: what the server has written into this configuration, or into that of the other order. So
       an upgrade that changes the order installs one that can be called at once. Without a cluster (helm template), there is none. */}}
{{- define "agent-injector.live" -}}
{{- $live := dict }}
{{- $fullname := include "agent-injector.fullname" . }}
{{- $own := include "agent-injector.webhookConfiguration" . }}
{{- /* This configuration comes last, so what is in it counts where an upgrade that failed has left both. */}}
{{- range append (without (list (printf "zz-%s" $fullname) $fullname) $own) $own }}
{{- $found := lookup "admissionregistration.k8s.io/v1" "MutatingWebhookConfiguration" "" . }}
{{- if eq (get (($found.metadata | default dict).labels | default dict) "app.kubernetes.io/instance") $.Release.Name }}
{{- range $found.webhooks }}{{- $_ := set $live .name .clientConfig }}{{- end }}
{{- end }}
{{- end }}
{{- $live | toJson }}
{{- end }}
