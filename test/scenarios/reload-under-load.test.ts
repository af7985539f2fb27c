import { expect, it, onTestFinished } from 'vitest';
import { builtInDocuments } from '../../src/profile-sources/builtin-documents.ts';
import { ProfileDirectory } from '../../src/profile-sources/directory.ts';
import { catalogue, namespace, pod } from '../support/fixtures.ts';
import { patchIn, reviewOf, startServer } from '../support/webhook-server.ts';
import { mountedDirectory, profileText } from '../support/mounted-directory.ts';

const RELOADS = 100;
const CALLERS = 8;

// Two profiles in two files, one of which extends the other, so that an answer that mixes two versions is detected.
const files = (version: number) => ({
  'one.yaml': profileText('one', { environment: [{ name: 'ONE', value: `${version}` }] }),
  'two.yaml': profileText('two', {
    extends: 'one',
    environment: [
      { name: 'ONE', remove: true },
      { name: 'TWO', value: `${version}` },
    ],
  }),
});

it(`each answer during ${RELOADS} reloads under load uses one version that was current`, async () => {
  const mounted = await mountedDirectory(files(0));
  onTestFinished(mounted.remove);
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const options = { dir: mounted.dir, builtIn: builtInDocuments.profiles, tables: catalogue, log };
  const directory = await ProfileDirectory.open(options);
  const server = await startServer({
    namespaces: [namespace({ profile: 'one,two' })],
    catalogue: () => directory.catalogue(),
  });
  onTestFinished(() => server.close());
  const served = () => Number(versionIn(directory));
  const load = { answers: 0, isOver: false };
  const wrong: string[] = [];
  const seen = new Set<number>();
  const call = async (): Promise<void> => {
    while (!load.isOver) {
      const from = served();
      const answer = await server.post(reviewOf(pod()));
      const to = served();
      const written = JSON.stringify(patchIn(answer));
      const [one, two] = ['ONE', 'TWO'].map((name) =>
        Number(new RegExp(`"${name}","value":"(\\d+)"`).exec(written)?.[1]),
      );
      load.answers += 1;
      if (one !== two || one === undefined || !(one >= from && one <= to)) wrong.push(`${from}–${to}: ${one}, ${two}`);
      else seen.add(one);
    }
  };
  const callers = Array.from({ length: CALLERS }, call);
  for (let version = 1; version <= RELOADS; version += 1) {
    await mounted.swap(files(version));
    await directory.check();
    expect(served()).toBe(version);
  }
  load.isOver = true;
  await Promise.all(callers);
  expect(wrong).toEqual([]);
  expect(load.answers).toBeGreaterThan(RELOADS);
  expect(seen.size).toBeGreaterThan(10);
  expect(directory.status().reloads).toEqual({ sound: RELOADS, broken: 0 });
});

function versionIn(directory: ProfileDirectory): string {
  const value = directory.catalogue().profiles.get('one')?.environment[0]?.operation.value;
  const [text] = value && 'text' in value ? value.text : [];
  return typeof text === 'string' ? text : '';
}
