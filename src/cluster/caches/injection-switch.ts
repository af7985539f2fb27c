import { isDeepStrictEqual } from 'node:util';
import { readSwitch, type SwitchState } from '../../api/injection-switch.ts';
import { objectIn } from '../../lib/json.ts';
import type { KubeClient } from '../client/types.ts';
import { Reflector, type ReflectorStatus } from '../watch/reflector.ts';
import type { CacheOptions } from './cache.ts';

export interface InjectionSwitchOptions extends CacheOptions {
  /** Namespace and name of the ConfigMap. */
  readonly namespace: string;
  readonly name: string;
  /** Called with each new state, the first included. */
  readonly onChange: (state: SwitchState) => void;
}

/**
 * Watches the ConfigMap of the switch. A ConfigMap that does not exist switches nothing, and the last known state stays while the API server is
 * unavailable. Needs list and watch of this ConfigMap only.
 */
export class InjectionSwitchWatch {
  readonly #reflector: Reflector<SwitchState>;
  readonly #by: string;
  readonly #name: string;
  readonly #namespace: string;
  readonly #onChange: (state: SwitchState) => void;
  #state: SwitchState;

  constructor(client: KubeClient, { namespace, name, onChange, ...options }: InjectionSwitchOptions) {
    this.#by = `ConfigMap ${namespace}/${name}`;
    this.#namespace = namespace;
    this.#name = name;
    this.#onChange = onChange;
    this.#state = readSwitch({}, this.#by);
    this.#reflector = new Reflector({
      ...options,
      client,
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      metadataOnly: false,
      fieldSelector: `metadata.name=${name}`,
      transform: (object) => readSwitch(objectIn(object, 'data'), this.#by),
      createStore: () => new Map<string, SwitchState>(),
      onChange: () => this.#update(),
    });
  }

  start(): this {
    this.#reflector.start();
    return this;
  }

  /** The same object until the state changes. */
  state(): SwitchState {
    return this.#state;
  }

  whenSynced(): Promise<void> {
    return this.#reflector.whenSynced();
  }

  status(): ReflectorStatus {
    return this.#reflector.status();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }

  #update(): void {
    const state = this.#reflector.get(`${this.#namespace}/${this.#name}`) ?? readSwitch({}, this.#by);
    if (isDeepStrictEqual(state, this.#state)) return;
    this.#state = state;
    this.#onChange(state);
  }
}
