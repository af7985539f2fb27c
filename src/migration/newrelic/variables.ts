/** Variables of the agents that are settings here. */
const settings: Readonly<Record<string, string>> = {
  NEW_RELIC_APP_NAME: 'app-name',
  NEW_RELIC_HOST: 'collector-host',
  NEW_RELIC_LABELS: 'labels',
};

export function settingsOfVariable(name: string, value: string): readonly (readonly [string, string])[] {
  const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
  return setting === undefined ? [] : [[setting, value]];
}
