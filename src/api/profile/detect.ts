import * as z from 'zod';

const names = (of: z.ZodString) => z.array(of).max(32).default([]);

/** What proves the language of a profile, in addition to what is built in. */
export const detectSchema = z
  .strictObject({
    programs: names(
      z
        .string()
        .min(1)
        .max(128)
        .regex(/^[^/$]+$/, 'must be the last part of a path, without "/" and "$"'),
    ).describe('Programs that run the language: the last part of the path, which may contain the wildcards * and ?.'),
    imageEnv: names(z.string().min(1).max(256)).describe(
      'Variables of images that are made for the language. agent-injector image looks for them.',
    ),
  })
  .describe(
    'What proves that a container runs the language, for `profile: auto`. The programs and images of dotnet, java, nodejs, python, php and ruby are built in.',
  );
