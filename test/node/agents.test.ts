import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Listener } from '../agents/listener.ts';
import { isFolder, runtimes } from '../agents/runtimes.ts';
import { agents, filesOf, type Agent } from '../agents/table.ts';
import { ways } from '../agents/ways.ts';
import { NODE_ADDRESS } from '../support/node/network.ts';
import { isRequired } from '../support/node/places.ts';
import { startInjectedNode, type InjectedNode } from './injected-node.ts';
import { addAgentImage, deliveriesOf, expectAlive, expectBroken } from './real-agents.ts';
import { record, recorded } from './results.ts';
import { sampleOf } from './sample.ts';

// The agents that test/agents/fetch fetches, in pods of a real node, with the author's own value of the variable that the agent extends. A pod
// mounts the runtime from this machine.

let node: InjectedNode;
beforeAll(async () => {
  node = await startInjectedNode({});
});
afterAll(() => node?.stop());

const whyMissing = (agent: Agent): string | undefined => {
  const found = runtimes.get(agent.runtime);
  if (!found?.ok) return found?.missing ?? `no runtime ${agent.runtime}`;
  return isFolder(filesOf(agent)) ? undefined : 'its files are missing: run test/agents/fetch';
};

/** Each combination of a delivery and a way of the author's own value. */
const cases = agents().flatMap((agent, index) => {
  const found = runtimes.get(agent.runtime);
  const combined = deliveriesOf(agent).flatMap((delivery) =>
    ways.filter(({ name }) => name !== 'none').map((way) => ({ agent, delivery, way })),
  );
  // Another combination for each agent, and each day.
  const turned = [...combined.slice(index % combined.length), ...combined.slice(0, index % combined.length)];
  if (!found?.ok || whyMissing(agent) !== undefined) return [];
  return sampleOf(turned, turned.length).map((one, at) => ({
    ...one,
    runtime: found.runtime,
    namespace: `agent-${index}-${at}`,
    title: `${agent.profile} ${agent.version} by ${one.delivery}, with ${found.runtime.shared.name} from ${one.way.name}`,
  }));
});

describe('an agent lives', () => {
  test.concurrent.each(cases)('$title', async (one) => {
    const row = {
      profile: `${one.agent.profile} ${one.agent.version}`,
      delivery: `${one.delivery}, ${one.way.name}`,
      user: '1000',
    };
    const listener = await Listener.start(() => undefined, NODE_ADDRESS);
    try {
      await addAgentImage(node, one.agent);
      await recorded(row, () => expectAlive(node, one, listener));
    } finally {
      await listener.stop();
    }
  });
});

/** One profile whose agent stops the runtime if it is not there. */
const broken = cases.filter(({ agent }) => agent.profile === 'elastic-java').slice(0, 1);

describe('an agent whose files are missing', () => {
  test.concurrent.each(broken)('$agent.profile: verify says so', async (one) => {
    const row = { profile: one.agent.profile, delivery: 'persistentVolumeClaim, without files', user: '1000' };
    const listener = await Listener.start(() => undefined, NODE_ADDRESS);
    try {
      const [way] = ways;
      if (!way) throw new Error('no way');
      const given = { ...one, way, delivery: 'persistentVolumeClaim', namespace: 'agent-broken' };
      await recorded(row, () => expectBroken(node, given, listener));
    } finally {
      await listener.stop();
    }
  });
});

describe('what this machine has not', () => {
  test.each(agents().flatMap((agent) => (whyMissing(agent) === undefined ? [] : [agent])))('$profile', (agent) => {
    const sign = whyMissing(agent) ?? '';
    record({ profile: `${agent.profile} ${agent.version}`, delivery: '', user: '', result: 'not run', sign });
    if (isRequired) expect.fail(sign);
  });
});
