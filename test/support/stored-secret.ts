import type { SecretStore } from '../../src/certificates/authority-source.ts';

type Data = Readonly<Record<string, string>>;

/** A Secret in memory, with versions as the API server keeps them. */
export class StoredSecret implements SecretStore {
  data: Data | undefined;
  version = 0;
  writes = 0;
  trouble: string | undefined;
  /** Is done once, after the next read: what another replica does at that moment. */
  meanwhile: (() => void) | undefined;

  async read(): ReturnType<SecretStore['read']> {
    const { data, version } = this;
    if (this.trouble !== undefined) return { kind: 'failed', why: this.trouble };
    const { meanwhile } = this;
    this.meanwhile = undefined;
    meanwhile?.();
    return data ? { kind: 'found', data, version: String(version) } : { kind: 'absent' };
  }

  async create(data: Data): ReturnType<SecretStore['create']> {
    return this.data ? { kind: 'conflict' } : this.write(data);
  }

  async update(data: Data, version: string): ReturnType<SecretStore['update']> {
    return this.data && version === String(this.version) ? this.write(data) : { kind: 'conflict' };
  }

  /** As by somebody else: no question is asked, and it is not counted. */
  put(data: Data | undefined): void {
    this.data = data;
    this.version += 1;
  }

  private write(data: Data): { readonly kind: 'done' } {
    this.put(data);
    this.writes += 1;
    return { kind: 'done' };
  }
}
