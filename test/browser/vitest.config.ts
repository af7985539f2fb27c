import { oneFileAtATime, suiteConfig } from '../support/suite-config.ts';
import { isRequired, whyNoPage } from './places.ts';

const why = whyNoPage();
if (why !== undefined) {
  if (isRequired) throw new Error(`e2e:page: this machine must show the page: ${why}`);
  console.log(`e2e:page: not run, ${why}`);
}

// `npm run screenshots` runs the file that makes the pictures of the documentation, and no test.
const files = process.env['SCREENSHOTS'] === '1' ? 'test/browser/screenshots.ts' : 'test/browser/**/*.test.ts';

export default suiteConfig({
  // A control plane and a browser use both cores of a CI machine.
  ...oneFileAtATime(120_000),
  include: why === undefined ? [files] : [],
  passWithNoTests: true,
});
