/** Calls the function in the table for this member of a discriminated union, by its tag. */
export function dispatch<
  Tag extends string,
  Member extends { readonly [tag in Tag]: string },
  Rest extends readonly unknown[],
  Out,
>(
  table: {
    readonly [key in Member[Tag]]: (member: Extract<Member, { readonly [tag in Tag]: key }>, ...rest: Rest) => Out;
  },
  tag: Tag,
  member: Member,
  ...rest: Rest
): Out {
  const key: Member[Tag] = member[tag];
  // The table's type pairs each tag with its member; TypeScript does not follow that pairing through an index.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (table[key] as unknown as (member: Member, ...rest: Rest) => Out)(member, ...rest);
}

/** A function for each member of an object whose kind is its one member, as in `{ image: 'a*' }`. */
export type MemberTable<Members extends object, Out, Rest extends readonly unknown[] = []> = {
  readonly [kind in keyof Members]-?: (value: Exclude<Members[kind], undefined>, ...rest: Rest) => Out;
};

/** Calls the function in the table for the member that the object has. The schema ensures that there is exactly one. */
export function dispatchMember<Members extends object, Rest extends readonly unknown[], Out>(
  table: MemberTable<Members, Out, Rest>,
  members: Members,
  ...rest: Rest
): Out {
  for (const [kind, value] of Object.entries(members)) {
    // The table's type pairs each member with its function; TypeScript does not follow that pairing through an index.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const act = table[kind as keyof Members] as ((value: unknown, ...rest: Rest) => Out) | undefined;
    if (act && value !== undefined) return act(value, ...rest);
  }
  throw new TypeError(`none of ${Object.keys(table).join(', ')}`);
}
