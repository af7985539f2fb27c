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
