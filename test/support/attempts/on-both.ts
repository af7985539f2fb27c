import { type Attempt, chosen, everywhere, locked, newrelic, unlessHostile, unlessOpen } from './attempt.ts';

/** Choices that end alike on a pod and on a Namespace. */
export function choicesOn(prefix: 'pod' | 'ns'): readonly Omit<Attempt, 'who'>[] {
  return [
    {
      id: `${prefix}-secret`,
      what: "name the Secret of the agent's key (`license-secret`)",
      given: newrelic,
      sets: { 'license-secret': 'evil-secret' },
      text: 'evil-secret',
      ends: unlessOpen(locked, chosen),
    },
    {
      id: `${prefix}-address`,
      what: 'choose where data is sent (`server-address`)',
      sets: { 'server-address': 'evil.example.com' },
      text: 'evil.example.com',
      ends: unlessHostile(everywhere(chosen), locked),
    },
    {
      id: `${prefix}-claim`,
      what: 'choose the claim (`claim-name`)',
      sets: { 'claim-name': 'evil-claim' },
      text: 'evil-claim',
      ends: unlessHostile(everywhere(chosen), locked),
    },
    {
      id: `${prefix}-domain`,
      what: 'choose the domain (`domain-id`)',
      sets: { 'domain-id': '4711' },
      text: '"4711"',
      ends: everywhere(chosen),
    },
  ];
}
