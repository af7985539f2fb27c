import { describe, expect, it } from 'vitest';
import { noticeEventMessage } from '../../src/admission/event-messages.ts';

describe('the message of an Event', () => {
  it('has one mark at the end of a sentence', () => {
    const key = 'agent-injector.io/doman-id';
    const { message } = noticeEventMessage({ code: 'unknown-annotation', on: 'pod', key, suggestion: 'domain-id' });
    expect(message).toMatch(/"domain-id"\? [A-Z]/);
    expect(noticeEventMessage({ code: 'no-profile' }).message).toMatch(/\w\. [A-Z]/);
  });
});
