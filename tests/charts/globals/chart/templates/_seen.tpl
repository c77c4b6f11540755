{{- define "seen" }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Chart.Name }}
data:
  before: {{ toJson .Values.global | squote }}
  {{- $_ := set .Values "mine" .Chart.Name }}
  {{- $_ := set .Values.global (printf "of-%s" .Chart.Name) (dict) }}
  {{- with .Values.global.port }}
  {{- $_ := set . (printf "of-%s" $.Chart.Name) 1 }}
  {{- $_ := set .berths (printf "of-%s" $.Chart.Name) 1 }}
  {{- $_ := set (first .tides) (printf "of-%s" $.Chart.Name) 1 }}
  {{- $_ := unset .berths "north" }}
  {{- end }}
  {{- range .Values.global.list }}
  {{- $_ := set . (printf "of-%s" $.Chart.Name) 1 }}
  {{- end }}
  after: {{ toJson .Values.global | squote }}
  root: {{ eq (typeOf .) (typeOf .Values) }} {{ kindOf . }}
  below: {{ range $name, $sub := .Subcharts }}{{ $name }} {{ eq (typeOf $sub) (typeOf $) }} {{ $sub.Values.mine }} {{ end }}
{{- end }}
