import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whyNoNamespaces } from './container.ts';
import { catalogue, runAgent, removeShared, type Observation } from './run-agent.ts';
import { resultsFile, type Result } from './results.ts';
import { isFolder, runtimes, type Runtime } from './runtimes.ts';
import { agents, filesOf, type Agent } from './table.ts';
import { ways, type Way } from './ways.ts';

const isRequired = process.env['E2E_AGENTS_REQUIRED'] === '1';
const noNamespaces = whyNoNamespaces();

type Row = { readonly title: string; readonly agent: Agent } & (
  | { readonly runtime: Runtime; readonly why?: never }
  /** Why the agent cannot run on this machine, in one line. */
  | { readonly runtime?: never; readonly why: string }
);

function rowOf(agent: Agent): Row {
  const title = `${agent.profile} ${agent.version}, ${agent.annotations['delivery'] ?? 'default delivery'}`;
  const found = runtimes.get(agent.runtime);
  if (!found?.ok) return { title, agent, why: found?.missing ?? `no runtime ${agent.runtime}` };
  if (noNamespaces !== undefined) {
    return { title, agent, why: `mount namespaces are not allowed (${noNamespaces}): run it as root` };
  }
  return isFolder(filesOf(agent))
    ? { title, agent, runtime: found.runtime }
    : { title, agent, why: 'its files are missing: run test/agents/fetch' };
}

function record(result: Result): void {
  mkdirSync(dirname(resultsFile), { recursive: true });
  appendFileSync(resultsFile, `${JSON.stringify(result)}\n`);
}

async function verify(agent: Agent, runtime: Runtime, way: Way): Promise<void> {
  const delivery = agent.annotations['delivery'];
  const common = {
    profile: delivery === undefined ? agent.profile : `${agent.profile} by ${delivery}`,
    version: agent.version,
    standIn: agent.standIn,
    runtime: runtime.title,
    way: way.name,
  };
  let observed: Observation | undefined;
  try {
    observed = await runAgent(agent, runtime, way);
    const evidence = `\noutput:\n${observed.output.slice(-6000)}\nreceived:\n${observed.received.join('\n')}`;
    for (const [index, matcher] of agent.signs.entries()) {
      expect(observed.signs[index], `no evidence of the agent: ${JSON.stringify(matcher)}${evidence}`).toBeDefined();
    }
    expect(observed.answered, `the app did not answer${evidence}`).toBe(true);
    const expected = way.name === 'none' ? expect.not.stringMatching('seen') : 'seen';
    expect(observed.ownValue, `the author's own ${runtime.shared.name}${evidence}`).toEqual(expected);
    record({ ...common, sign: observed.signs[0] ?? '', ok: true });
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    record({ ...common, sign: message, ok: false });
    throw error;
  }
}

afterAll(removeShared);

const rows = agents().map(rowOf);

describe.each(rows.flatMap((row) => (row.runtime ? [row] : [])))('$title', ({ agent, runtime }) => {
  it('has a profile', () => {
    expect([...catalogue.profiles.keys()]).toContain(agent.profile);
  });
  it.concurrent.each(ways)(`runs, with ${runtime.shared.name} from: $name`, (way) => verify(agent, runtime, way));
});

describe.skipIf(!isRequired).each(rows.flatMap((row) => (row.runtime ? [] : [row])))('$title', ({ agent, why }) => {
  it('can run on this machine', () => {
    expect.fail(`${agent.profile}: ${why}`);
  });
});
