host: {{ .Values.global.hosts.domain }}
