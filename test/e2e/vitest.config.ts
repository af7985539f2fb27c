import { assetsFolder } from '../support/assets.ts';
import { filesAtATime, oneFileAtATime, suiteConfig } from '../support/suite-config.ts';
import notice from './notice.ts';

notice();

const PACKAGE = 'test/e2e/package.test.ts';
const timeoutMs = 120_000;
// Without a control plane nothing runs; the notice has said so.
const ifThere = (files: string): string[] => (assetsFolder() === undefined ? [] : [files]);

export default suiteConfig({
  passWithNoTests: true,
  projects: [
    {
      extends: true,
      test: {
        // A file mostly waits, for watches and for certificates: two use two cores.
        ...filesAtATime(2, timeoutMs),
        name: 'clusters',
        include: ifThere('test/e2e/**/*.test.ts'),
        exclude: [PACKAGE],
        sequence: { groupOrder: 0 },
      },
    },
    {
      extends: true,
      test: {
        // It builds the program anew, which the others start.
        ...oneFileAtATime(timeoutMs),
        name: 'package',
        include: ifThere(PACKAGE),
        sequence: { groupOrder: 1 },
      },
    },
  ],
});
