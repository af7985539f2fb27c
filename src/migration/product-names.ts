/** The products that `import` knows, apart from their tables: help needs the names alone. */
export const productNames = {
  openTelemetry: 'OpenTelemetry Operator',
  newRelic: 'New Relic',
  datadog: 'Datadog',
  elastic: 'Elastic APM attacher',
  skyWalking: 'SkyWalking SWCK',
} as const;
