import type { Socket } from 'node:net';

/** Status lines by the code of the parser's error; everything else is a bad request. */
const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

const BAD_REQUEST = '400 Bad Request';

/** Answers bytes that are not an HTTP request in plain text, and closes the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const line = STATUS_LINES[error.code ?? ''] ?? BAD_REQUEST;
    const text = line.slice(4);
    socket.write(
      `HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
    );
  }
  socket.destroy(error);
}
