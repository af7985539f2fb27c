import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startBalancer } from '../support/balancer.ts';
import { startReplicatedCluster, type ReplicatedCluster } from '../support/replicated-cluster.ts';
import { injects, issuedFlags, SERVERNAME, type Replica } from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';

// The API server presents the client certificate of its AdmissionConfiguration, and the injector requires one.

const dir = mkdtempSync(join(tmpdir(), 'agent-injector-mtls-'));
const file = (name: string): string => join(dir, name);
let cluster: ReplicatedCluster;

beforeAll(async () => {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(file('ca.crt'), sign('clients', 'clients', keys));
  writeFileSync(file('other-ca.crt'), sign('others', 'others', keys));
  writeFileSync(file('client.crt'), sign('kube-apiserver', 'clients', keys));
  writeFileSync(file('client.key'), keys.privateKey);
  const balancer = await startBalancer();
  // The API server looks up the user by the host that it calls, with the port unless that is 443.
  const name = `${SERVERNAME}:${balancer.port}`;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    users: [{ name, user: { 'client-certificate': file('client.crt'), 'client-key': file('client.key') } }],
  };
  const admission = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [
      {
        name: 'MutatingAdmissionWebhook',
        configuration: {
          apiVersion: 'apiserver.config.k8s.io/v1',
          kind: 'WebhookAdmissionConfiguration',
          kubeConfigFile: file('kubeconfig'),
        },
      },
    ],
  };
  writeFileSync(file('kubeconfig'), JSON.stringify(kubeconfig));
  writeFileSync(file('admission.yaml'), JSON.stringify(admission));
  const apiServerFlags = [`--admission-control-config-file=${file('admission.yaml')}`];
  cluster = await startReplicatedCluster({ apiServerFlags }, balancer);
  await cluster.createConfiguration();
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(dir, { recursive: true });
});

type Keys = { readonly publicKey: string; readonly privateKey: string };

function sign(subject: string, issuer: string, keys: Keys): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  certificate.serialNumber = subject === issuer ? '01' : '02';
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  certificate.setSubject([{ name: 'commonName', value: subject }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer }]);
  certificate.setExtensions([{ name: 'basicConstraints', cA: subject === issuer }]);
  certificate.sign(forge.pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

async function startOnlyReplica(flags: Readonly<Record<string, string>>): Promise<Replica> {
  const replica = await cluster.startReplica({ flags: { ...issuedFlags, ...flags } });
  onTestFinished(() => replica.stop());
  cluster.balancer.to([replica]);
  await replica.ready();
  return replica;
}

test('pods are injected when the API server has a certificate with the right CA and name', async () => {
  await startOnlyReplica({ 'client-ca': file('ca.crt'), 'client-names': 'kube-apiserver' });
  await waitFor('a pod with the agent', () => injects(cluster.client));
});

test.each([
  [
    'another name',
    { 'client-ca': 'ca.crt', 'client-names': 'another-name' },
    /agent-injector: the client certificate \(kube-apiserver\) is not in --client-names/,
  ],
  ['another CA', { 'client-ca': 'other-ca.crt' }, /failed calling webhook/],
])('required pods are refused when the certificate has %s', async (_, flags, reason) => {
  const { 'client-ca': ca, ...rest } = flags;
  const replica = await startOnlyReplica({ ...rest, 'client-ca': file(ca) });
  await expect(injects(cluster.client)).rejects.toThrow(reason);
  // The admin port, for the kubelet and Prometheus, requires no certificate.
  expect((await replica.ask('/livez')).status).toBe(200);
  expect((await replica.ask('/metrics')).status).toBe(200);
});
