import type { NamedSecret } from '../../src/cluster/secret-store.ts';

type Data = Readonly<Record<string, string>>;

/** A Secret in memory with resource versions, like those of the API server. */
export class StoredSecret implements NamedSecret {
  readonly where = 'Secret apm/tls';
  /** Undefined: there is no Secret. */
  data: Data | undefined = {};
  type = 'Opaque';
  version = 0;
  writes = 0;
  problem: string | undefined;

  async read(): ReturnType<NamedSecret['read']> {
    const { data, type, version } = this;
    if (this.problem !== undefined) return { kind: 'failed', why: this.problem };
    return data ? { kind: 'found', type, data, version: String(version) } : { kind: 'absent' };
  }

  async update(data: Data, version: string): ReturnType<NamedSecret['update']> {
    return this.data && version === String(this.version) ? this.#write(data) : { kind: 'conflict' };
  }

  /** Writes unconditionally, like another process, without counting. */
  put(data: Data | undefined): void {
    this.data = data;
    this.version += 1;
  }

  #write(data: Data): { readonly kind: 'done' } {
    this.put(data);
    this.writes += 1;
    return { kind: 'done' };
  }
}
