import type { VariablesOf } from '../../api/graphql';
import type { COSTS } from './queries';

export type Interval = VariablesOf<typeof COSTS>['interval'];

/** The spans of time to choose from, and how each is divided unless something else is chosen. */
export const SPANS = {
  day: { days: 1, interval: 'HOUR', intervals: ['HOUR'] },
  week: { days: 7, interval: 'DAY', intervals: ['HOUR', 'DAY'] },
  month: { days: 30, interval: 'DAY', intervals: ['DAY', 'WEEK'] },
  quarter: { days: 90, interval: 'WEEK', intervals: ['DAY', 'WEEK', 'MONTH'] },
  year: { days: 365, interval: 'MONTH', intervals: ['DAY', 'WEEK', 'MONTH'] },
} as const satisfies Record<string, { days: number; interval: Interval; intervals: readonly Interval[] }>;
export type SpanName = keyof typeof SPANS;

export const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Returns where a span begins: at the start of an hour, or of a day of the viewer's zone. */
export function startOf(name: SpanName, now = new Date()): Date {
  const start = new Date(now);
  if (name === 'day') {
    start.setMinutes(0, 0, 0);
    start.setHours(start.getHours() - 23);
    return start;
  }
  start.setHours(0, 0, 0, 0);
  start.setDate(start.getDate() - SPANS[name].days + 1); // days, which are not all of 24 hours
  return start;
}
