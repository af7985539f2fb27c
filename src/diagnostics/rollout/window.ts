import type { Result } from '../../lib/result.ts';

/** A part of each day. From `from` to `to`, in minutes since midnight in the zone; over midnight if `to` comes first. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
}

const FORM = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?$/;

/** Parses `22:00-05:00`, or `22:00-05:00 Asia/Seoul`. The error follows the text. */
export function parseWindow(text: string, localZone: string): Result<Window, string> {
  const parts = FORM.exec(text.trim());
  if (!parts)
    return { ok: false, error: 'must be HH:MM-HH:MM, with a time zone such as Asia/Seoul if it is not yours' };
  const [, fromHour, fromMinute, toHour, toMinute, zone = localZone] = parts;
  if (!isZone(zone)) return { ok: false, error: `"${zone}" is not the name of a time zone` };
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  return from === to ? { ok: false, error: 'must not be empty' } : { ok: true, value: { from, to, zone } };
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== '';
  } catch {
    // A RangeError: there is no other way to ask.
    return false;
  }
}

/** `epochMs`: milliseconds since 1970, as `Date` counts them. */
export function isOpen({ from, to, zone }: Window, epochMs: number): boolean {
  const minute = minuteOfDay(zone, epochMs);
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

function minuteOfDay(zone: string, epochMs: number): number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]));
  return (parts.get('hour') ?? 0) * 60 + (parts.get('minute') ?? 0);
}
