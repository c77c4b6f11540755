{{- define "settings.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "settings.tag" -}}
{{- default .Chart.AppVersion .Values.global.image.tag }}
{{- end -}}
{{- define "settings.selector" -}}
{{- if .name -}}
app.kubernetes.io/name: {{ include "settings.name" .context }}-{{ .name }}
{{ end -}}
app.kubernetes.io/instance: {{ .context.Release.Name }}
{{- if .component }}
app.kubernetes.io/component: {{ .component }}
{{- end }}
{{- end }}
{{- define "settings.labels" -}}
{{ include "settings.selector" (dict "context" .context "component" .component "name" .name) }}
{{- with .context.Values.global.additionalLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- define "settings.affinity" -}}
{{- with .component.affinity -}}
  {{- toYaml . -}}
{{- else -}}
{{- $preset := .context.Values.global.affinity -}}
{{- if (eq $preset.podAntiAffinity "soft") }}
podAntiAffinity:
  preferred: {{ include "settings.name" .context }}-{{ .component.name }}
{{- else if (eq $preset.podAntiAffinity "hard") }}
podAntiAffinity:
  required: {{ .component.name }}
{{- end }}
{{- with $preset.nodeAffinity.matchExpressions }}
{{- if (eq $preset.nodeAffinity.type "soft") }}
nodeAffinity:
  soft:
  {{- toYaml . | nindent 2 }}
{{- else if (eq $preset.nodeAffinity.type "hard") }}
nodeAffinity:
  hard:
  - {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- define "settings.store" -}}
{{- $ha := (index .Values "store-ha") -}}
{{- $context := dict "Chart" (dict "Name" "store-ha") "Release" .Release "Values" $ha -}}
{{- if $ha.enabled -}}
    {{- if $ha.proxy.enabled -}}
        {{- printf "%s-proxy" (include "store-ha.fullname" $context) | trunc 63 | trimSuffix "-" -}}
    {{- end -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Values.store.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- define "settings.cm.presets" -}}
{{- $presets := dict -}}
{{- $_ := set $presets "url" (printf "https://%s" .Values.global.domain) -}}
{{- if index .Values.configs.cm "statusbadge.enabled" | eq true -}}
{{- $_ := set $presets "statusbadge.url" (printf "https://%s/" .Values.global.domain) -}}
{{- end -}}
{{- if .Values.configs.styles -}}
{{- $_ := set $presets "ui.cssurl" "./custom/styles.css" -}}
{{- end -}}
{{- toYaml $presets }}
{{- end -}}
{{- define "settings.cm" -}}
{{- $config := omit .Values.configs.cm "create" "annotations" -}}
{{- $preset := include "settings.cm.presets" . | fromYaml | default dict -}}
{{- range $key, $value := mergeOverwrite $preset $config }}
{{- $text := $value | toString }}
{{- if not (eq $text "") }}
{{ $key }}: {{ $text | toYaml }}
{{- end }}
{{- end }}
{{- end -}}
{{- define "settings.params" -}}
{{- $presets := dict -}}
{{- $_ := set $presets "store" (printf "%s:%s" (include "settings.store" .) (toString .Values.store.port)) -}}
{{- $_ := set $presets "elect" (gt ((.Values.applicationSet.replicas | default .Values.applicationSet.replicaCount) | int64) 1) -}}
{{- range $component := tuple "controller" "server" "reposerver" -}}
{{- $_ := set $presets (printf "%s.log.format" $component) $.Values.global.logging.format -}}
{{- $_ := set $presets (printf "%s.log.level" $component) $.Values.global.logging.level -}}
{{- end -}}
{{- $insecure := index .Values.configs.params "server.disable.tls" | toString -}}
{{- $_ := set $presets "scheme" ((eq $insecure "true") | ternary "http" "https") -}}
{{- $config := omit .Values.configs.params "create" "annotations" }}
{{- range $key, $value := mergeOverwrite $presets $config }}
{{ $key }}: {{ toString $value | toYaml }}
{{- end }}
{{- end -}}
{{- define "settings.dualStack" -}}
{{- with .Values.global.dualStack.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.global.dualStack.ipFamilies }}
ipFamilies: {{ toYaml . | nindent 4 }}
{{- end }}
{{- end }}
