const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Writes numbers, money and times as people of a locale do. */
export class Format {
  private readonly numbers = new Map<string, Intl.NumberFormat>();
  private readonly times: Intl.DateTimeFormat;
  private readonly dates: Intl.DateTimeFormat;
  private readonly ages: Intl.RelativeTimeFormat;

  constructor(readonly locale: string) {
    this.times = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
    this.dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
    this.ages = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  }

  number(value: number, options: Intl.NumberFormatOptions = {}): string {
    const name = JSON.stringify(options);
    let format = this.numbers.get(name);
    if (!format) {
      format = new Intl.NumberFormat(this.locale, options);
      this.numbers.set(name, format);
    }
    return format.format(value);
  }

  /** Writes an amount in US dollars exactly: to the billionth, and at least to the cent. */
  money(dollars: number): string {
    return this.number(dollars, {
      style: 'currency',
      currency: 'USD',
      minimumFractionDigits: 2,
      maximumFractionDigits: 9,
    });
  }

  /** Writes an amount in US dollars to the cent; what is less than a dollar, to three digits that count. */
  roundMoney(dollars: number): string {
    const digits = Math.abs(dollars) < 1 && dollars !== 0 ? { maximumSignificantDigits: 3 } : {};
    return this.number(dollars, { style: 'currency', currency: 'USD', ...digits });
  }

  percent(fraction: number): string {
    return this.number(fraction, { style: 'percent', maximumFractionDigits: 1 });
  }

  seconds(value: number): string {
    return this.number(value, {
      style: 'unit',
      unit: 'second',
      unitDisplay: 'short',
      maximumFractionDigits: value < 10 ? 1 : 0,
    });
  }

  bytes(value: number): string {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
    const power = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1);
    return this.number(value / 1000 ** power, {
      style: 'unit',
      unit: units[power],
      unitDisplay: 'short',
      maximumFractionDigits: power > 1 ? 1 : 0,
    });
  }

  dateTime(value: string | Date): string {
    return this.times.format(new Date(value));
  }

  date(value: string | Date): string {
    return this.dates.format(new Date(value));
  }

  /** Writes how long ago a time is, or in how long it comes, within a week; else its date. */
  relative(value: string | Date, now = Date.now()): string {
    const seconds = (new Date(value).getTime() - now) / 1000;
    const distance = Math.abs(seconds);
    if (distance < MINUTE) return this.ages.format(0, 'second');
    if (distance < HOUR) return this.ages.format(Math.round(seconds / MINUTE), 'minute');
    if (distance < DAY) return this.ages.format(Math.round(seconds / HOUR), 'hour');
    if (distance < 7 * DAY) return this.ages.format(Math.round(seconds / DAY), 'day');
    return this.date(value);
  }
}
