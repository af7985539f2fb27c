import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whyNoNamespaces } from './container.ts';
import { catalogue, live, removeShared, type Life } from './life.ts';
import { resultsFile, type Result } from './results.ts';
import { isFolder, runtimes, type Runtime } from './runtimes.ts';
import { agents, filesOf, type Agent } from './table.ts';
import { ways, type Way } from './ways.ts';

const isRequired = process.env['E2E_AGENTS_REQUIRED'] === '1';
const noNamespaces = whyNoNamespaces();

type Row = { readonly title: string; readonly agent: Agent } & (
  | { readonly runtime: Runtime; readonly why?: never }
  /** One line: why the agent cannot be run on this machine. */
  | { readonly runtime?: never; readonly why: string }
);

function rowOf(agent: Agent): Row {
  const title = `${agent.profile} ${agent.version}, ${agent.annotations['delivery'] ?? 'as it comes'}`;
  const found = runtimes.get(agent.runtime);
  if (!found?.ok) return { title, agent, why: found?.missing ?? `no runtime ${agent.runtime}` };
  if (noNamespaces !== undefined) {
    return { title, agent, why: `no mount namespace may be made here (${noNamespaces}): run it as root` };
  }
  return isFolder(filesOf(agent))
    ? { title, agent, runtime: found.runtime }
    : { title, agent, why: 'its files are not there: run test/agents/fetch' };
}

function record(result: Result): void {
  mkdirSync(dirname(resultsFile), { recursive: true });
  appendFileSync(resultsFile, `${JSON.stringify(result)}\n`);
}

async function prove(agent: Agent, runtime: Runtime, way: Way): Promise<void> {
  const delivery = agent.annotations['delivery'];
  const common = {
    profile: delivery === undefined ? agent.profile : `${agent.profile} by ${delivery}`,
    version: agent.version,
    standIn: agent.standIn,
    runtime: runtime.title,
    way: way.name,
  };
  let life: Life | undefined;
  try {
    life = await live(agent, runtime, way);
    const evidence = `\noutput:\n${life.output.slice(-6000)}\nreceived:\n${life.received.join('\n')}`;
    for (const [index, sign] of agent.signs.entries()) {
      expect(life.signs[index], `no sign of life: ${JSON.stringify(sign)}${evidence}`).toBeDefined();
    }
    expect(life.answered, `the app has not answered${evidence}`).toBe(true);
    const expected = way.name === 'none' ? expect.not.stringMatching('seen') : 'seen';
    expect(life.ownValue, `the author's own ${runtime.shared.name}${evidence}`).toEqual(expected);
    record({ ...common, sign: life.signs[0] ?? '', ok: true });
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
  it.concurrent.each(ways)(`runs, with ${runtime.shared.name} from: $name`, (way) => prove(agent, runtime, way));
});

describe.skipIf(!isRequired).each(rows.flatMap((row) => (row.runtime ? [] : [row])))('$title', ({ agent, why }) => {
  it('can run on this machine', () => {
    expect.fail(`${agent.profile}: ${why}`);
  });
});
