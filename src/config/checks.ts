export const checkNames = ['claims', 'volumes', 'quotas', 'nodes'] as const;

export type CheckName = (typeof checkNames)[number];

/** The checks that are switched on, by the setting `checks`. */
export function checksIn({ checks }: { readonly checks: string }): ReadonlySet<CheckName> {
  const names = checks.split(',');
  return new Set(checkNames.filter((name) => names.includes(name)));
}
