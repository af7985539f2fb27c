import { assetsFolder, HOW_TO_BUILD } from '../support/assets.ts';

/** Says in one line that no control plane is there to test against, when none is. Fit to be a globalSetup of vitest. */
export default function notice(): void {
  if (assetsFolder() === undefined) {
    console.log(`e2e: not run, KUBEBUILDER_ASSETS names no Kubernetes binaries. ${HOW_TO_BUILD}`);
  }
}
