import { oneFileAtATime, suiteConfig } from '../support/suite-config.ts';

export default suiteConfig({
  // Each file measures under load of the whole machine.
  ...oneFileAtATime(180_000),
  include: ['test/faults/**/*.test.ts'],
});
