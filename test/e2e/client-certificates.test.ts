import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import {
  configuration,
  injects,
  issuedFlags,
  prepare,
  SERVERNAME,
  startReplica,
  type Replica,
} from '../support/replicas.ts';
import { waitFor } from '../support/wait-for.ts';

// An API server that shows a certificate, as an AdmissionConfiguration tells it to, and an injector that asks for one.

const dir = mkdtempSync(join(tmpdir(), 'agent-injector-mtls-'));
const file = (name: string): string => join(dir, name);
let controlPlane: ControlPlane;
let balancer: Balancer;

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
  balancer = await startBalancer();
  // The user's name is the host that is called, with its port unless that is 443.
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
  controlPlane = await startControlPlane({
    apiServerFlags: [`--admission-control-config-file=${file('admission.yaml')}`],
  });
  await prepare(controlPlane.client, balancer.port);
  await controlPlane.client.create(configuration(balancer.port));
});
afterAll(async () => {
  balancer?.close();
  await controlPlane?.stop();
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

async function withReplica(flags: Readonly<Record<string, string>>, then: (replica: Replica) => Promise<void>) {
  const { kubeconfigPath } = controlPlane;
  const replica = await startReplica({ kubeconfigPath, flags: { ...issuedFlags, ...flags } });
  try {
    balancer.to([replica]);
    await replica.ready();
    await then(replica);
  } finally {
    await replica.stop();
  }
}

test('pods are injected when the API server has a certificate with the right CA and name', async () => {
  await withReplica({ 'client-ca': file('ca.crt'), 'client-names': 'kube-apiserver' }, async () => {
    await waitFor('a pod with the agent', () => injects(controlPlane.client));
  });
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
  await withReplica({ ...rest, 'client-ca': file(ca) }, async (replica) => {
    await expect(injects(controlPlane.client)).rejects.toThrow(reason);
    // The kubelet and Prometheus are asked for nothing.
    expect((await replica.ask('/livez')).status).toBe(200);
    expect((await replica.ask('/metrics')).status).toBe(200);
  });
});
