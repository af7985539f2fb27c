import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { optedIn } from '../support/injected-cluster.ts';
import type { Injector, ReviewAnswer } from '../support/injector.ts';
import { podOf } from '../support/pod.ts';

/** The namespace of the reviewed pods. */
export const SHOP = 'shop';

/** Writes a file for `--namespaces` with the shop, whose domain is 1000. */
export function shopFile(dir: string): string {
  const path = join(dir, 'namespaces.yaml');
  const metadata = { name: SHOP, ...optedIn({ 'domain-id': '1000' }) };
  writeFileSync(path, stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }));
  return path;
}

/** The domain in the patch of an answer, if any. */
export function domainOf({ patch }: ReviewAnswer): string | undefined {
  return /"ARIES_DOMAIN_ID","value":"(\d+)"/.exec(JSON.stringify(patch))?.[1];
}

/** The domain that a pod of the shop would get now. */
export async function domainNow(injector: Injector): Promise<string | undefined> {
  return domainOf(await injector.review(SHOP, podOf(SHOP, 'web')));
}
