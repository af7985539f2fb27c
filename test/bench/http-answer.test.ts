import { describe, expect, it } from 'vitest';
import { readAnswer, wrongWith } from './http-answer.ts';

const uid = '36bd2b26-4c53-4b50-a445-000000000001';
const bodyOf = (patch: string, more: object = {}): string =>
  JSON.stringify({ response: { uid, allowed: true, patchType: 'JSONPatch', patch, ...more } });
const bytesOf = (body: string, head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json'): Buffer =>
  Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
const answerOf = (body: string, head?: string) => {
  const answer = readAnswer(bytesOf(body, head));
  if (!answer) throw new Error('no answer');
  return answer;
};

describe('the parser of HTTP answers', () => {
  it('returns an answer once its last byte has arrived, whatever the chunks', () => {
    const bytes = bytesOf(bodyOf('W10='));
    for (let size = 0; size < bytes.length; size += 1) expect(readAnswer(bytes.subarray(0, size))).toBeUndefined();
    expect(readAnswer(bytes)).toEqual({ status: 200, last: false, body: bodyOf('W10='), size: bytes.length });
  });

  it('takes no byte beyond the Content-Length', () => {
    const bytes = bytesOf('{}');
    expect(readAnswer(Buffer.concat([bytes, bytes]))?.size).toBe(bytes.length);
  });

  it('reports whether the connection closes', () => {
    expect(answerOf('{}', 'HTTP/1.1 200 OK\r\nConnection: close').last).toBe(true);
    expect(answerOf('{}', 'HTTP/1.1 200 OK\r\nconnection: keep-alive').last).toBe(false);
  });

  it('refuses an answer without a Content-Length', () => {
    expect(() => readAnswer(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2'))).toThrow(
      'not an answer',
    );
    expect(() => readAnswer(Buffer.from('SSH-2.0\r\n\r\n'))).toThrow('not an answer');
  });
});

describe('an answer', () => {
  it('is right with the uid, allowed, and the expected patch', () => {
    expect(wrongWith(answerOf(bodyOf('W10=')), uid, 'W10=')).toBeUndefined();
  });

  it.each([
    ['another status', answerOf(bodyOf('W10='), 'HTTP/1.1 500 Oh'), 'status 500'],
    ['another uid', answerOf(bodyOf('W10=', { uid: 'x' })), 'another uid'],
    ['a refusal', answerOf(bodyOf('W10=', { allowed: false })), 'not allowed'],
    ['another patch', answerOf(bodyOf('W10A')), 'another patch'],
    ['a longer patch', answerOf(bodyOf('W10=W10=')), 'another patch'],
    ['no patch', answerOf(JSON.stringify({ response: { uid, allowed: true } })), 'another patch'],
  ])('is wrong with %s', (_, answer, sentence) => {
    expect(wrongWith(answer, uid, 'W10=')).toContain(sentence);
  });
});
