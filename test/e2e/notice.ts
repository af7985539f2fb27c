import { assetsFolder, HOW_TO_BUILD } from '../support/assets.ts';

/** Prints a line if there are no binaries of a control plane. Usable as a globalSetup of vitest. */
export default function notice(): void {
  if (assetsFolder() === undefined) {
    console.log(`e2e: not run, KUBEBUILDER_ASSETS names no Kubernetes binaries. ${HOW_TO_BUILD}`);
  }
}
