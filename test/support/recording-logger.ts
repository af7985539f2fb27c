import type { Logger } from '../../src/lib/logger.ts';

/** A logger that keeps its messages. */
export class Recorder implements Logger {
  readonly messages: string[] = [];

  info(_: object, message: string): void {
    this.messages.push(`info ${message}`);
  }

  warn(_: object, message: string): void {
    this.messages.push(`warn ${message}`);
  }

  error(_: object, message: string): void {
    this.messages.push(`error ${message}`);
  }
}
