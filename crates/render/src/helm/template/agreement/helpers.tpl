{{- define "c.helper" -}}helper-{{ .Values.str }}{{- end -}}
{{- define "c.multi" -}}
a: 1
b: 2
{{- end -}}
{{- define "c.rec" -}}{{ . }}{{ if gt (int .) 0 }}{{ include "c.rec" (sub . 1) }}{{ end }}{{- end -}}
{{- define "c.novalue" -}}{{ .Values.missing }}{{- end -}}
