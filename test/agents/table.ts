import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const step = z.union([
  z.strictObject({ maven: z.string(), to: z.string().optional() }),
  z.strictObject({ npm: z.array(z.string()) }),
  z.strictObject({ pip: z.array(z.string()), to: z.string().optional() }),
  z.strictObject({ copy: z.string(), to: z.string() }),
  z.strictObject({ write: z.string(), text: z.string().default('') }),
  z.strictObject({ library: z.string(), to: z.string() }),
  z.strictObject({ assembly: z.string(), to: z.string() }),
]);

const sign = z.union([
  z.strictObject({ output: z.string() }),
  z.strictObject({ received: z.string() }),
  z.strictObject({ header: z.string() }),
  z.strictObject({ service: z.string() }),
]);

const strings = z.record(z.string(), z.string());

const row = z.strictObject({
  profile: z.string(),
  runtime: z.enum(['dotnet', 'jvm', 'node', 'python']),
  version: z.string(),
  standIn: z.string().optional(),
  image: z.string().startsWith('/').optional(),
  workdir: z.string().startsWith('/').default('/'),
  files: z.array(step).min(1),
  annotations: strings.default({}),
  env: strings.default({}),
  secrets: z.record(z.string(), strings).default({}),
  signs: z.array(sign).min(1),
});

export type Step = z.infer<typeof step>;
export type Sign = z.infer<typeof sign>;
export type Agent = z.infer<typeof row>;
export type RuntimeName = Agent['runtime'];
export const RUNTIMES: readonly RuntimeName[] = row.shape.runtime.options;

const here = import.meta.dirname;
export const programs: string = join(here, 'programs');

/** The agents of test/agents/agents.yaml. Throws if it is invalid. */
export function agents(): readonly Agent[] {
  return z.array(row).parse(parse(readFileSync(join(here, 'agents.yaml'), 'utf8')));
}

/** The folder of fetched and built files: AGENTS_DIR, or a folder of the user's cache. */
export const cache: string =
  process.env['AGENTS_DIR'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'agent-injector', 'agents');

/** The files of an agent. The name of the folder contains a hash of the steps that create it. */
export function filesOf(agent: Agent): string {
  return join(cache, `${agent.profile}-${digest(JSON.stringify(agent.files) + programTexts())}`);
}

/** The program of a runtime that its agents instrument. */
export function programOf(runtime: RuntimeName): string {
  return join(cache, `program-${runtime}-${digest(programTexts())}`);
}

/** CoreCLR, from a wheel of PyPI. */
export const DOTNET = { wheel: 'dotnetcore2==3.1.23', version: '3.1.23' } as const;
export const dotnetRoot: string = join(cache, `dotnet-${DOTNET.version}`, 'dotnetcore2', 'bin');

/** Debian packages of the C# compiler and its runtime. */
export const MCS_PACKAGES: readonly string[] = [
  'libmono-corlib4.5-dll',
  'libmono-security4.0-cil',
  'libmono-system-configuration4.0-cil',
  'libmono-system-core4.0-cil',
  'libmono-system-numerics4.0-cil',
  'libmono-system-security4.0-cil',
  'libmono-system-xml4.0-cil',
  'libmono-system4.0-cil',
  'mono-mcs',
  'mono-runtime-common',
  'mono-runtime-sgen',
];
export const mcsRoot: string = join(cache, 'mcs');

function programTexts(): string {
  return readdirSync(programs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => readFileSync(file, 'utf8'))
    .join('\0');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
