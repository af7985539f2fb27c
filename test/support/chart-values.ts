/** The values of the chart that end up in the server's configuration file (templates/configmap.yaml). */
export interface ConfigurationValues {
  readonly tenancy?: string;
  readonly allowedProfiles?: readonly string[];
  readonly builtInProfiles?: boolean;
  readonly settableBy?: Readonly<Record<string, readonly string[]>>;
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/** The configuration that the chart renders from values, as an object; test/deploy/chart.test.ts holds both together. */
export function configurationOf(values: ConfigurationValues): Readonly<Record<string, unknown>> {
  const { tenancy = 'strict', allowedProfiles = [], builtInProfiles = true, settableBy = {}, defaults = {} } = values;
  const levels = Object.entries(settableBy).map(([name, those]) => `${name}=${those.join('|')}`);
  return {
    tenancy,
    ...(allowedProfiles.length > 0 && { allowedProfiles: allowedProfiles.join(',') }),
    builtInProfiles,
    checks: 'claims,volumes,quotas,nodes',
    ...(levels.length > 0 && { settableBy: levels.join(',') }),
    defaults,
  };
}
