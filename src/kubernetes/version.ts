export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
}

/** `v1.36.3`, `1.36`, `1.30+` → major and minor; undefined for anything else. */
export function parseVersion(text: string): KubernetesVersion | undefined {
  const match = /^v?(\d{1,3})\.(\d{1,3})(?![0-9])/.exec(text);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

export function isAtLeast(version: KubernetesVersion, minimum: KubernetesVersion): boolean {
  return version.major > minimum.major || (version.major === minimum.major && version.minor >= minimum.minor);
}

export function versionText({ major, minor }: KubernetesVersion): string {
  return `${major}.${minor}`;
}
