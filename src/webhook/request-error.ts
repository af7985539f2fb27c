import type { FastifyError } from 'fastify';

/** A request that is answered with an HTTP error. The message is sent to the caller. */
export class RequestError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

export function requestErrorText(error: FastifyError): string {
  if (error instanceof RequestError) return error.message;
  return error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE'
    ? 'the content type must be application/json'
    : `the request cannot be read: ${error.message.slice(0, 200)}`;
}
