/** Variables of the SDK that are settings here. */
const settings: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'otlp-endpoint',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'otlp-protocol',
  OTEL_TRACES_SAMPLER: 'sampler',
  OTEL_TRACES_SAMPLER_ARG: 'sampler-arg',
  OTEL_PROPAGATORS: 'propagators',
  OTEL_RESOURCE_ATTRIBUTES: 'resource-attributes',
  OTEL_SERVICE_NAME: 'service-name',
};

export function settingsOfVariable(name: string, value: string): readonly (readonly [string, string])[] {
  const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
  return setting === undefined ? [] : [[setting, value]];
}
