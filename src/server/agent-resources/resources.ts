import { PROFILE_KIND } from '../../api/keys.ts';
import { RESOURCES } from '../../api/target/kinds.ts';
import { ApiGroup } from '../../cluster/caches/api-group.ts';
import { CustomResource } from '../../cluster/caches/custom-resource.ts';
import { Targets } from '../../cluster/caches/targets.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import type { CatalogueProvider } from '../../config/catalogue.ts';
import { type JsonObject, objectIn } from '../../lib/json.ts';
import { partsOfProfile } from '../../injection/shape/profile-parts.ts';
import type { Logger } from '../../lib/logger.ts';
import { ResourceProfiles } from '../../profile-sources/resource-profiles.ts';
import { problemText } from '../../profiles/catalogue.ts';
import { type ProfileResource, profileResource } from '../../api/profile-resource.ts';
import type { ClusterStateSource } from '../cluster-watches.ts';
import type { Judgements } from './judgements.ts';

/** The AgentProfiles and targets of the cluster, where their CRDs are installed. */
export interface AgentResources {
  readonly profiles: Omit<CatalogueProvider, 'stop'>;
  /** Adds the targets to what is known of the cluster. */
  readonly added: (source: ClusterStateSource) => ClusterStateSource;
  /** What became of each; undefined without a cluster. */
  readonly judgements: Judgements | undefined;
  /** What is wrong with an object of one of the kinds. */
  readonly judgeResource: ((object: JsonObject) => Promise<readonly string[]>) | undefined;
  readonly stop: () => Promise<void>;
}

/** Without a cluster, and without CRDs, everything is as the files say. */
export function openResources(
  client: KubeClient | undefined,
  installed: CatalogueProvider,
  logger: Logger,
): AgentResources {
  if (!client)
    return {
      profiles: installed,
      added: (source) => source,
      judgements: undefined,
      judgeResource: undefined,
      stop: () => Promise.resolve(),
    };
  const watched: CustomResource<ProfileResource> = new CustomResource(client, {
    plural: RESOURCES.profiles,
    prepare: () => Promise.resolve((object) => withoutTests(profileResource(object))),
    onChange: () => void profiles.refresh(),
    logger,
  });
  const profiles = new ResourceProfiles({
    base: () => ({ catalogue: installed.catalogue(), own: installed.own() }),
    resources: () => watched.objects().values(),
    prepare: partsOfProfile,
    log: logger,
  });
  const targets = new Targets(client, { logger });
  const group = new ApiGroup(client, [watched, ...Object.values(targets.resources)], { logger }).start();
  const whenTried = async (): Promise<void> => {
    await group.whenTried();
    await profiles.refresh();
  };
  return {
    profiles: {
      catalogue: () => profiles.catalogue(),
      own: installed.own,
      problems: () => [...installed.problems(), ...profiles.problems(), ...targets.problems()],
      status: () => statusOf(installed, profiles),
    },
    added: (source) => ({
      ...source,
      state: () => ({ ...source.state(), targets: (namespace) => targets.of(namespace) }),
      caches: () => ({ ...source.caches(), ...group.status() }),
      whenTried: async () => {
        await Promise.all([source.whenTried(), whenTried()]);
      },
      notes: () => [...source.notes(), ...unread(group)],
    }),
    judgements: {
      catalogue: () => profiles.catalogue(),
      profiles: () => profiles.states(),
      targets: () => targets.resources.targets.objects(),
      clusterTargets: () => targets.resources.clusterTargets.objects(),
    },
    judgeResource: (object) => problemsOf(object, profiles),
    stop: () => group.stop(),
  };
}

async function problemsOf(object: JsonObject, profiles: ResourceProfiles): Promise<readonly string[]> {
  if (object['kind'] === PROFILE_KIND) return profiles.problemsOf(profileResource(object));
  // Loaded on demand: a server without targets needs no schema.
  const { readTarget } = await import('../../settings/targets/read-target.ts');
  const read = readTarget(object);
  return read.ok ? [] : read.error.map(problemText);
}

/** The tests of a profile are for `lint`, and take as much memory as the rest. */
function withoutTests({ document, ...rest }: ProfileResource): ProfileResource {
  const { tests: _tests, ...spec } = objectIn(document, 'spec');
  return { ...rest, document: { ...document, spec } };
}

function unread(group: ApiGroup): readonly string[] {
  return Object.entries(group.status()).flatMap(([plural, { synced, problem }]) =>
    synced
      ? []
      : [`the ${plural} of the cluster have not been read yet${problem === undefined ? '' : ` (${problem})`}`],
  );
}

function statusOf(installed: CatalogueProvider, resources: ResourceProfiles): ReturnType<CatalogueProvider['status']> {
  const { profiles, ...rest } = installed.status();
  const known = resources.catalogue();
  const states = [...resources.states().values()];
  const count = (accepted: (typeof states)[number]['accepted']): number =>
    states.filter((one) => one.accepted === accepted).length;
  return {
    ...rest,
    profiles: {
      'built-in': known.profiles.size - known.own.size,
      user: profiles.user + count('yes'),
      'last-good': profiles['last-good'] + count('kept'),
      broken: profiles.broken + count('no'),
    },
    problems: rest.problems + resources.problems().length,
  };
}
