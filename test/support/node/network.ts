import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeBinary } from './places.ts';

const BRIDGE = 'injector-pods';

/** The node's address, and that of this machine for pods. */
export const NODE_ADDRESS = '10.244.7.1';
export const POD_CIDR = '10.244.7.0/24';
const SERVICE_CIDR = '10.0.0.0/24';

/**
 * The bridge of the pods, with rules by which what pods send ends on the bridge or on this machine. Must be there before the control plane, whose
 * API server has an address on it.
 */
export function createNetwork(dir: string): void {
  const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  writeFileSync(join(dir, 'bridge'), BRIDGE);
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('addr', 'add', `${NODE_ADDRESS}/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
  // The address of a Service without endpoints leads nowhere.
  ip('route', 'replace', SERVICE_CIDR, 'dev', BRIDGE);
  writeFileSync(`/proc/sys/net/ipv4/conf/${BRIDGE}/forwarding`, '1');
  execFileSync(nodeBinary('nft/nft'), [
    `add table inet agent-injector
     add chain inet agent-injector forward { type filter hook forward priority -10; }
     add rule inet agent-injector forward iifname "${BRIDGE}" oifname != "${BRIDGE}" drop`,
  ]);
}

export function cniConfiguration(dir: string): object {
  const ipam = {
    type: 'host-local',
    dataDir: join(dir, 'ipam'),
    ranges: [[{ subnet: POD_CIDR, gateway: NODE_ADDRESS }]],
  };
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [{ type: 'bridge', bridge: BRIDGE, isDefaultGateway: true, hairpinMode: true, ipMasq: false, ipam }],
  };
}

/** CoreDNS knows the names of Services; every other name does not exist. */
export function corefile(kubeconfigPath: string): string {
  return `cluster.local:53 {
  bind ${NODE_ADDRESS}
  kubernetes cluster.local {
    kubeconfig ${kubeconfigPath}
  }
}
.:53 {
  bind ${NODE_ADDRESS}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}
