import { assetsFolder } from '../support/assets.ts';
import { oneFileAtATime, suiteConfig } from '../support/suite-config.ts';
import notice from './notice.ts';

notice();

export default suiteConfig({
  // A control plane uses both cores of a CI machine.
  ...oneFileAtATime(120_000),
  // Without a control plane nothing runs; the notice has said so.
  include: assetsFolder() === undefined ? [] : ['test/e2e/**/*.test.ts'],
  passWithNoTests: true,
});
