// `helm test`: creates a pod as a dry run, in a namespace that fails closed, and checks that the returned pod is injected. Nothing is stored.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const { API_SERVER, NAMESPACE, TOKEN_FILE, PATIENCE_SECONDS } = process.env;
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'dry-run-' },
  spec: { containers: [{ name: 'app', image: 'app' }] },
};
const attempt = async () => {
  const response = await fetch(`${API_SERVER}/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`, {
    method: 'POST',
    headers: { authorization: `Bearer ${readFileSync(TOKEN_FILE, 'utf8')}`, 'content-type': 'application/json' },
    body: JSON.stringify(pod),
  });
  const answer = await response.json();
  // A message about a failed call has the URL of the webhook, whose path is secret.
  const message = answer.message?.replaceAll(/(\/mutate(?:\/required)?\/)[a-z0-9]{26,63}/g, '$1…');
  return answer.metadata?.annotations?.['agent-injector.io/status'] ?? `not injected: ${message ?? response.status}`;
};
// The namespace is new: its service account may not exist yet, and the API server may not know its labels yet.
for (let last, end = Date.now() + Number(PATIENCE_SECONDS) * 1000; ; await setTimeout(1000)) {
  const seen = await attempt().catch((error) => `no answer: ${error.cause?.message ?? error.message}`);
  if (seen !== last) console.log(seen);
  if (seen.includes('"decision":"injected"')) break;
  if (Date.now() > end) process.exit(1);
  last = seen;
}
