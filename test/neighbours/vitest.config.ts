import notice from '../e2e/notice.ts';
import { assetsFolder } from '../support/assets.ts';
import { oneFileAtATime, suiteConfig } from '../support/suite-config.ts';

notice();

export default suiteConfig({
  ...oneFileAtATime(240_000),
  include: assetsFolder() === undefined ? [] : ['test/neighbours/*.test.ts'],
  passWithNoTests: true,
});
