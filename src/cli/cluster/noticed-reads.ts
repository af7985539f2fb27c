import { type Failure, isForNow } from '../../cluster/client/errors.ts';
import type { ApiResponse, KubeClient } from '../../cluster/client/types.ts';

/** Reads of which the failures that may pass are counted: what is decided with less than the server knows may be wrong. */
export class NoticedReads {
  readonly client: KubeClient;
  #failures = 0;
  #last: Failure | undefined;

  constructor(client: KubeClient) {
    const noticed = async (asked: Promise<ApiResponse>): Promise<ApiResponse> => {
      const answer = await asked;
      if (answer.kind !== 'ok' && isForNow(answer)) {
        this.#failures += 1;
        this.#last = answer;
      }
      return answer;
    };
    this.client = {
      server: client.server,
      ...(client.serverClock && { serverClock: client.serverClock }),
      getJson: (path, options) => noticed(client.getJson(path, options)),
      getItems: (path, options) => noticed(client.getItems(path, options)),
      sendJson: (path, options) => client.sendJson(path, options),
      watchLines: (path, options) => client.watchLines(path, options),
    };
  }

  /** The failure of a read since now; undefined if there was none. Reads of others at the same time count, too: they may be shared. */
  watch(): () => Failure | undefined {
    const before = this.#failures;
    return () => (this.#failures > before ? this.#last : undefined);
  }
}
