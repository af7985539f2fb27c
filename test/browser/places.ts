import { accessSync, constants } from 'node:fs';
import { assetsFolder } from '../support/assets.ts';

/** The browser that shows the page. Playwright downloads none. */
export const chromiumPath: string = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** True if a machine that lacks something fails instead of running nothing: in CI. */
export const isRequired: boolean = process.env['E2E_PAGE_REQUIRED'] === '1';

/** Why this machine cannot show the page of a cluster, in one line; undefined if it can. */
export function whyNoPage(): string | undefined {
  if (assetsFolder() === undefined) return 'KUBEBUILDER_ASSETS names no Kubernetes binaries';
  try {
    accessSync(chromiumPath, constants.X_OK);
    return undefined;
  } catch {
    return `there is no Chromium at ${chromiumPath}: install Debian's package chromium, or set CHROMIUM to the path of one`;
  }
}
