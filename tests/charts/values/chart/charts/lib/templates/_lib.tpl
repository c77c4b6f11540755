{{- define "lib.all" -}}
lib: {{ .Chart.Name }}-{{ .Values.number | int }}
{{- end -}}
