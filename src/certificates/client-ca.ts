import { readFile } from 'node:fs/promises';
import { errorMessage } from '../lib/error-message.ts';
import { certificateBlocks } from './server-certificate.ts';

/** File with the authorities of client certificates, which may change while the server runs. */
export class ClientCaFile {
  readonly #path: string;
  #pem: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get pem(): string | undefined {
    return this.#pem;
  }

  /** Reads the file, and retains new contents if `use` accepts them. Returns what is wrong, if anything. Never rejects. */
  async reload(use: (pem: string) => void): Promise<string | undefined> {
    try {
      const pem = await readFile(this.#path, 'utf8');
      if (pem === this.#pem) return undefined;
      if (certificateBlocks(pem).length === 0) return `${this.#path} contains no certificate`;
      use(pem);
      this.#pem = pem;
      return undefined;
    } catch (error) {
      return `${this.#path}: ${errorMessage(error)}`;
    }
  }
}
