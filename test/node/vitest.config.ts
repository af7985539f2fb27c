import { fileURLToPath } from 'node:url';
import { isRequired, whyNoNode } from '../support/node/places.ts';
import { oneFileAtATime, suiteConfig } from '../support/suite-config.ts';

const why = whyNoNode();
if (why !== undefined) {
  if (isRequired) throw new Error(`e2e:node: this machine must run containers: ${why}`);
  console.log(`e2e:node: not run, this machine cannot run containers: ${why}`);
}

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default suiteConfig({
  // A machine has one node at a time.
  ...oneFileAtATime(240_000),
  include: why === undefined ? ['test/node/**/*.test.ts'] : [],
  passWithNoTests: true,
  globalSetup: [local('../support/build-once.ts'), local('results.ts')],
  // Pods start beside each other; the kubelet and the runtime take most of two cores.
  maxConcurrency: 6,
});
