import { helm, promtool } from '../support/deploy-tools.ts';

/** globalSetup of vitest: says in one line what of test/deploy is not run here. */
export default function notice(): void {
  const missing = [
    ...(helm === undefined ? ['no helm (test/e2e/tools/build DIR builds it; name it in HELM)'] : []),
    ...(promtool === undefined ? ["no promtool (Debian's package prometheus; or name it in PROMTOOL)"] : []),
  ];
  if (missing.length > 0) console.log(`deploy: the chart is only partly tested: ${missing.join(', ')}`);
}
