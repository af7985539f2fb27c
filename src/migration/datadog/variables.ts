import { isObject, type Json, type JsonObject, parsedJson, textIn } from '../../lib/json.ts';

/** Variables of the libraries that are settings here. */
const settings: Readonly<Record<string, string>> = {
  DD_SERVICE: 'service-name',
  DD_ENV: 'env',
  DD_VERSION: 'app-version',
  DD_TRACE_AGENT_URL: 'agent-url',
};

export function settingsOfVariable(name: string, value: string): readonly (readonly [string, string])[] {
  const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
  return setting === undefined ? [] : [[setting, value]];
}

type Text = (value: Json) => string;

const joined =
  (separator: string, textOf: Text = String): Text =>
  (value) =>
    Array.isArray(value) ? value.map(textOf).join(separator) : '';

const pair =
  (name: string, value: string): Text =>
  (item) => {
    const object: JsonObject = isObject(item) ? item : {};
    return `${textIn(object, name)}:${textIn(object, value)}`;
  };

/** The fields of an annotation `…-lib.config.v1`: the variable of each, and its text (DataDog/datadog-agent:pkg/clusteragent/admission/common/lib_config.go). */
const configFields: Readonly<Record<string, readonly [variable: string, textOf: Text]>> = {
  service_name: ['DD_SERVICE', String],
  env: ['DD_ENV', String],
  tracing_enabled: ['DD_TRACE_ENABLED', String],
  log_injection_enabled: ['DD_LOGS_INJECTION', String],
  health_metrics_enabled: ['DD_TRACE_HEALTH_METRICS_ENABLED', String],
  runtime_metrics_enabled: ['DD_RUNTIME_METRICS_ENABLED', String],
  tracing_sampling_rate: ['DD_TRACE_SAMPLE_RATE', (value) => Number(value).toFixed(2)],
  tracing_rate_limit: ['DD_TRACE_RATE_LIMIT', String],
  tracing_tags: ['DD_TAGS', joined(',')],
  tracing_service_mapping: ['DD_TRACE_SERVICE_MAPPING', joined(', ', pair('from_key', 'to_name'))],
  tracing_agent_timeout: ['DD_TRACE_AGENT_TIMEOUT', String],
  tracing_header_tags: ['DD_TRACE_HEADER_TAGS', joined(', ', pair('header', 'tag_name'))],
  tracing_partial_flush_min_spans: ['DD_TRACE_PARTIAL_FLUSH_MIN_SPANS', String],
  tracing_debug: ['DD_TRACE_DEBUG', String],
  tracing_log_level: ['DD_TRACE_LOG_LEVEL', String],
  tracing_methods: ['DD_TRACE_METHODS', joined(';')],
  tracing_propagation_style_inject: ['DD_PROPAGATION_STYLE_INJECT', joined(',')],
  tracing_propagation_style_extract: ['DD_PROPAGATION_STYLE_EXTRACT', joined(',')],
  data_streams_enabled: ['DD_DATA_STREAMS_ENABLED', String],
};

/** Fields that only repeat what the annotation's name says. */
const REPEATED: ReadonlySet<string> = new Set(['library_language', 'library_version']);

export const libraryConfigFields: readonly string[] = [...Object.keys(configFields), ...REPEATED];

/** The variables of a library's configuration, and the fields that are not known; undefined if it is no JSON object. */
export function libraryVariables(
  text: string,
): { readonly variables: readonly JsonObject[]; readonly unknown: readonly string[] } | undefined {
  const config = parsedJson(text);
  if (!isObject(config)) return undefined;
  const fields = Object.entries(config).filter(([name]) => !REPEATED.has(name));
  return {
    variables: fields.flatMap(([name, value = null]) => {
      const row = Object.hasOwn(configFields, name) ? configFields[name] : undefined;
      return row ? [{ name: row[0], value: row[1](value) }] : [];
    }),
    unknown: fields.map(([name]) => name).filter((name) => !Object.hasOwn(configFields, name)),
  };
}
