import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

export const BINARIES = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;

export type Binary = (typeof BINARIES)[number];

/** The folder with the binaries of the control plane; undefined if KUBEBUILDER_ASSETS is not set. Throws if a binary is missing. */
export function assetsFolder(): string | undefined {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  if (folder === undefined || folder === '') return undefined;
  for (const binary of BINARIES) {
    try {
      accessSync(join(folder, binary), constants.X_OK);
    } catch {
      throw new Error(`KUBEBUILDER_ASSETS is ${folder}, but no ${binary} can be run there. ${HOW_TO_BUILD}`);
    }
  }
  return folder;
}

export function binaryPath(binary: Binary): string {
  const folder = assetsFolder();
  if (folder === undefined) throw new Error(`KUBEBUILDER_ASSETS is not set. ${HOW_TO_BUILD}`);
  return join(folder, binary);
}

export const HOW_TO_BUILD = 'Build them: test/e2e/kube/build DIR (needs Go).';
