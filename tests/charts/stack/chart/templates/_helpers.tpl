{{- define "stack.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end }}
{{- define "stack.fullname" -}}
{{- if contains (include "stack.name" .) .Release.Name -}}
{{- .Release.Name | trunc 26 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "stack.name" .) | trunc 26 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- define "stack.crname" -}}
{{- if .Values.cleanNames }}
{{- include "stack.fullname" . }}
{{- else }}
{{- print (include "stack.fullname" .) "-server" }}
{{- end }}
{{- end }}
{{- define "stack.chartref" -}}
{{- replace "+" "_" .Chart.Version | printf "%s-%s" .Chart.Name -}}
{{- end }}
{{- define "stack.labels" }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: "{{ replace "+" "_" .Chart.Version }}"
chart: {{ template "stack.chartref" . }}
release: {{ $.Release.Name | quote }}
{{- if .Values.commonLabels}}
{{ toYaml .Values.commonLabels }}
{{- end }}
{{- end }}
{{- define "stack.kubeVersion" -}}
  {{- default .Capabilities.KubeVersion.Version .Values.kubeVersionOverride -}}
{{- end -}}
{{- define "stack.ingress.apiVersion" -}}
  {{- if and (.Capabilities.APIVersions.Has "networking.k8s.io/v1") (semverCompare ">= 1.19-0" (include "stack.kubeVersion" .)) -}}
      {{- print "networking.k8s.io/v1" -}}
  {{- else if .Capabilities.APIVersions.Has "networking.k8s.io/v1beta1" -}}
    {{- print "networking.k8s.io/v1beta1" -}}
  {{- else -}}
    {{- print "extensions/v1beta1" -}}
  {{- end -}}
{{- end -}}
{{- define "stack.ingress.isStable" -}}
  {{- eq (include "stack.ingress.apiVersion" .) "networking.k8s.io/v1" -}}
{{- end -}}
{{- define "stack.ingress.supportsPathType" -}}
  {{- or (eq (include "stack.ingress.isStable" .) "true") (and (eq (include "stack.ingress.apiVersion" .) "networking.k8s.io/v1beta1") (semverCompare ">= 1.18-0" (include "stack.kubeVersion" .))) -}}
{{- end -}}
{{- define "stack.versionDefault" -}}
  {{- $values := index . 0 -}}
  {{- $version := index . 1 -}}
  {{- $old := index . 2 -}}
  {{- $new := index . 3 -}}
  {{- $default := index . 4 -}}
  {{- if kindIs "invalid" $default -}}
    {{- if semverCompare $version (include "stack.kubeVersion" $values) -}}
      {{- print $new -}}
    {{- else -}}
      {{- print $old -}}
    {{- end -}}
  {{- else -}}
    {{- print $default }}
  {{- end -}}
{{- end -}}
{{- define "stack.secure" -}}
  {{- $values := index . 0 -}}
  {{- include "stack.versionDefault" (list $values ">= 1.22-0" (index . 1) (index . 2) (index . 3)) -}}
{{- end -}}
{{- define "limits" -}}
{{- with .sampleLimit }}
sampleLimit: {{ . }}
{{- end }}
{{- with .labelLimit }}
labelLimit: {{ . }}
{{- end }}
{{- end -}}
{{- define "stack.pullSecrets" -}}
{{- range .Values.global.imagePullSecrets }}
  {{- if eq (typeOf .) "map[string]interface {}" }}
- {{ toYaml . | trim }}
  {{- else }}
- name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
{{- define "rules.names" }}
rules:
  - "general.rules"
  - "a.rules"
{{- end }}
{{- define "stack.noSecrets" -}}
      {{- $keysYaml := `
keys:
- path: ["database", "password"]
- path: ["auth.basic", "password"]
` | fromYaml -}}
      {{- $ini := .Values.ini -}}
      {{- range $_, $secret := $keysYaml.keys -}}
        {{- $current := $ini -}}
        {{- $go := true -}}
        {{- range $index, $elem := $secret.path -}}
          {{- if and $go (hasKey $current $elem) -}}
            {{- if eq (len $secret.path) (add1 $index) -}}
              {{- if not (regexMatch "\\$(?:__(?:env|file|vault))?{[^}]+}" (index $current $elem)) -}}
                {{- fail (printf "the key '%s' must not be in the values" (join "." $secret.path)) -}}
              {{- end -}}
            {{- else -}}
              {{- $current = index $current $elem -}}
            {{- end -}}
          {{- else -}}
              {{- $go = false -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
{{- end -}}
{{- define "stack.ini" -}}
{{ include "stack.noSecrets" . }}
{{- $root := . -}}
x.ini: |
{{- range $elem, $elemVal := index .Values "ini" }}
  {{- if not (kindIs "map" $elemVal) }}
  {{- if kindIs "invalid" $elemVal }}
  {{ $elem }} =
  {{- else if kindIs "string" $elemVal }}
  {{ $elem }} = {{ tpl $elemVal $ }}
  {{- else }}
  {{ $elem }} = {{ $elemVal }}
  {{- end }}
  {{- end }}
{{- end }}
{{- range $key, $value := index .Values "ini" }}
  {{- if kindIs "map" $value }}
  [{{ $key }}]
  {{- range $elem, $elemVal := $value }}
  {{- if kindIs "invalid" $elemVal }}
  {{ $elem }} =
  {{- else if kindIs "string" $elemVal }}
  {{ $elem }} = {{ tpl $elemVal $ }}
  {{- else }}
  {{ $elem }} = {{ $elemVal }}
  {{- end }}
  {{- end }}
  {{- end }}
{{- end }}
{{- range $key, $value := .Values.datasources }}
{{- if not (hasKey $value "secret") }}
{{ $key }}: |
  {{- tpl (toYaml $value | nindent 2) $root }}
{{- end }}
{{- end }}
{{- range $provider, $dashboards := .Values.dashboards }}
  {{- range $key, $value := $dashboards }}
    {{- if (or (hasKey $value "id") (hasKey $value "url")) }}
{{ $provider }}-{{ $key }}: |
  curl \
      {{- if $value.token }}
  -H "Authorization: token {{ $value.token }}" \
      {{- end }}
  {{- if $value.datasource }}
    {{- if kindIs "string" $value.datasource }}
    | sed 's/"datasource":.*,/"datasource": "{{ $value.datasource }}",/g' \
    {{- end }}
    {{- if kindIs "slice" $value.datasource }}
      {{- range $value.datasource }}
        | sed 's/${{"{"}}{{ .name }}}/{{ .value }}/g' \
      {{- end }}
    {{- end }}
  {{- end }}
  > "https://x/{{ $value.id }}/{{- if $value.revision -}}{{ $value.revision }}{{- else -}}1{{- end -}}/download"
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}
