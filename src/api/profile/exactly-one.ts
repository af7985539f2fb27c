interface ExactlyOne {
  readonly check: (value: object) => boolean;
  readonly rule: {
    readonly error: (issue: { readonly input?: unknown }) => string;
    readonly when: (payload: { readonly issues: readonly unknown[] }) => boolean;
  };
  /** The same rule for the published JSON Schema, which cannot contain functions. */
  readonly jsonSchema: { readonly oneOf: readonly { readonly required: readonly string[] }[] };
}

/** The rule of an object whose kind is its one member, as in the VolumeSource of Kubernetes. */
export function exactlyOne(...kinds: readonly string[]): ExactlyOne {
  const kindsIn = (value: object): readonly string[] =>
    Object.entries(value).flatMap(([name, one]) => (kinds.includes(name) && one !== undefined ? [name] : []));
  return {
    check: (value) => kindsIn(value).length === 1,
    rule: {
      // A misspelled member is reported as such.
      when: ({ issues }) => issues.length === 0,
      error: ({ input }) => {
        const found = typeof input === 'object' && input !== null ? kindsIn(input) : [];
        const rule = `must have exactly one of ${kinds.join(', ')}`;
        return found.length > 1 ? `has ${found.join(' and ')}: it ${rule}` : rule;
      },
    },
    jsonSchema: { oneOf: kinds.map((kind) => ({ required: [kind] })) },
  };
}
