import type { Logger } from '../../src/lib/logger.ts';

/** Records each message, prefixed with its level. */
export class RecordingLogger implements Logger {
  readonly messages: string[] = [];
  readonly info = this.#recorder('info');
  readonly warn = this.#recorder('warn');
  readonly error = this.#recorder('error');

  /** The messages of one level, without the prefix. */
  of(level: keyof Logger): readonly string[] {
    return this.messages.filter((line) => line.startsWith(`${level} `)).map((line) => line.slice(level.length + 1));
  }

  #recorder(level: keyof Logger): Logger['info'] {
    return (_, message) => void this.messages.push(`${level} ${message}`);
  }
}
