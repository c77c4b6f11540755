{{- define "fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "other.fullname" -}}
{{- $Chart := dict "Name" .chartName -}}
{{- $Release := .context.Release -}}
{{- $local :=  (pluck "nameOverride" (pluck .chartName .context.Values | first) | first) -}}
{{- $global :=  (pluck "nameOverride" (pluck .chartName .context.Values.global | first) | first) -}}
{{- $Values := dict "nameOverride" (coalesce $local $global) "global" .context.Values.global -}}
{{- include "fullname" (dict "Chart" $Chart "Release" $Release "Values" $Values) -}}
{{- end -}}
{{- define "host" -}}
{{- $result := dict -}}
{{- if .context.Values.global.hosts.domain -}}
{{-   $_ := set $result "domainHost" (printf ".%s" .context.Values.global.hosts.domain) -}}
{{-   if .context.Values.global.hosts.hostSuffix -}}
{{-     $_ := set $result "domainHost" (printf "-%s%s" .context.Values.global.hosts.hostSuffix $result.domainHost) -}}
{{-   end -}}
{{-   $_ := set $result "domainHost" (printf "%s%s" .name $result.domainHost) -}}
{{- end -}}
{{- $result.domainHost -}}
{{- end -}}
{{- define "psql.port" -}}
{{- $local := pluck "psql" $.Values | first -}}
{{- default 5432 (pluck "port" $local $.Values.global.psql | first ) | int -}}
{{- end -}}
{{- define "psql.secret" -}}
{{- $local := pluck "psql" $.Values | first -}}
{{- $localPass := pluck "password" $local | first -}}
{{- default (printf "%s-%s" .Release.Name "password") (pluck "secret" $localPass $.Values.global.psql.password | first ) | quote -}}
{{- end -}}
{{- define "psql.name" -}}
{{- $local := pluck "psql" $.Values | first -}}
{{- $appname := pluck "applicationName" $local .Values.global.psql | first -}}
{{- if not ( kindIs "invalid" $appname ) -}}
{{- $appname | quote -}}
{{- end -}}
{{- end -}}
{{- define "psql.prepared" -}}
{{- $local := pluck "psql" $.Values | first -}}
{{- eq true (default false (pluck "preparedStatements" $local .Values.global.psql | first)) -}}
{{- end -}}
{{- define "psql.keepalives" -}}
{{- $local := pluck "psql" $.Values | first -}}
{{ pluck "keepalives" $local .Values.global.psql | first -}}
{{- end -}}
{{- define "user" -}}
{{- $localRegistry := default (dict) .Values.registry -}}
{{- $localUser := dig "database" "user" "" $localRegistry | default (dig "user" "" (default (dict) .Values.database)) -}}
{{- coalesce $localUser (dig "registry" "database" "user" "" (default (dict) .Values.global)) "registry" -}}
{{- end -}}
{{- define "annotations" -}}
{{- $all := merge (default (dict) (default (dict) .Values.service).annotations) .Values.global.service.annotations -}}
{{- if $all }}
{{- toYaml $all -}}
{{- end -}}
{{- end -}}
{{- define "certmanager" -}}
{{- if (pluck "configureCertmanager" .Values.ingress .Values.global.ingress (dict "configureCertmanager" false) | first) -}}
issuer: "{{ .Release.Name }}-issuer"
{{- end -}}
{{- end -}}
{{- define "route" -}}
{{- if not (eq nil .Values.gatewayRoute.enabled) -}}
{{-   .Values.gatewayRoute.enabled -}}
{{- else }}
{{-   .Values.global.gatewayApi.enabled -}}
{{- end -}}
{{- end -}}
{{- define "store" -}}
{%- $providers := slice "AWS" "Google" -%}
{%- if has $providers $c.provider %}
key = {% $c.key | data.ToJSON %}
{%- end %}
{{- end -}}
{{- define "workers" -}}
{{- $_ := set $ "selected" "workhorse" -}}
{{ .selected }}-{{ $.Values.workers }}
{{- $_ := set . "selected" "" }}
{{- end -}}
