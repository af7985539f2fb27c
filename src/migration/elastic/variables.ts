/** Variables of the agents that are settings here. */
const settings: Readonly<Record<string, string>> = {
  ELASTIC_APM_SERVER_URL: 'apm-server-url',
  ELASTIC_APM_SERVICE_NAME: 'service-name',
  ELASTIC_APM_ENVIRONMENT: 'deployment-environment',
};

export function settingsOfVariable(name: string, value: string): readonly (readonly [string, string])[] {
  const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
  return setting === undefined ? [] : [[setting, value]];
}
