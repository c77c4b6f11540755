{{- define "checks.all" -}}
{{- $messages := list -}}
{{- $messages = append $messages (include "checks.redis" .) -}}
{{- $messages = append $messages (include "checks.hosts" .) -}}
{{- $messages := append $messages (include "checks.web" .) -}}
{{- /* put together */}}
{{- $messages := without $messages "" -}}
{{- $message := join "\n" $messages -}}
{{- if $message -}}
{{-   printf "\nCHECKS:\n%s" $message | fail -}}
{{- end -}}
{{- end -}}
{{- define "checks.redis" -}}
{{- if and .Values.redis.enabled (index .Values "redis-ha" "enabled") -}}
redis: both of them
    `redis.enabled` and `redis-ha.enabled` are both true.
{{- end -}}
{{- end -}}
{{- define "checks.hosts" -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" .Values.global.hosts.domain) -}}
hosts: {{ .Values.global.hosts.domain | quote }} is no domain
{{- end -}}
{{- end -}}
{{- define "checks.web" -}}
{{- range $name, $d := .Values.web.deployments -}}
{{- if and (hasKey $d "path") (not (hasPrefix "/" $d.path)) }}
web: {{ $name }} begins with {{ substr 0 1 $d.path }}
{{- end -}}
{{- end -}}
{{- end -}}
