/** Variables of the agent that are settings here. Of several collectors, the profile takes one. */
export function settingsOfVariable(name: string, value: string): readonly (readonly [string, string])[] {
  if (name === 'SW_AGENT_NAME') return [['service-name', value]];
  return name === 'SW_AGENT_COLLECTOR_BACKEND_SERVICES' ? collectorSettings(value) : [];
}

/** `host:port`. A list of several is no host, so that it is reported. */
export function collectorSettings(text: string): readonly (readonly [string, string])[] {
  const [, host, port] = /^([^,]+):(\d+)$/.exec(text) ?? [];
  if (host === undefined || port === undefined) return [['collector-address', text]];
  return [
    ['collector-address', host],
    ['collector-port', port],
  ];
}
