import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState } from 'react';
import { useFormat, useWords } from '../../language/Language';
import styles from './Costs.module.css';
import type { Period } from './queries';
import type { Interval } from './span';

const HEIGHT = 280;

/** Draws what each period cost. Its values are also in a table, for those who cannot see it. */
export function Timeline({ periods, interval }: { periods: readonly Period[]; interval: Interval }) {
  const { costs: words } = useWords();
  const format = useFormat();
  const frame = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const element = frame.current;
    if (!element || periods.length === 0) return;
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: () => [-0.5, periods.length - 0.5] }, y: { range: (_, __, highest) => [0, highest * 1.1 || 1] } },
        axes: [
          {
            ...axis(),
            size: 32,
            grid: { show: false },
            splits: (self) => places(periods.length, self.bbox.width / devicePixelRatio),
            values: (_, splits) => splits.map((place) => label(periods[place], interval, format.locale)),
          },
          {
            ...axis(),
            size: 68,
            values: (_, splits) => splits.map((amount) => format.number(amount, AMOUNT)),
          },
        ],
        series: [
          {},
          {
            fill: color('--accent'),
            paths: uPlot.paths.bars?.({ size: [0.72, 56], radius: 0.12 }),
            points: { show: false },
          },
        ],
        hooks: { setCursor: [(self) => setPointed(self.cursor.idx ?? null)] },
      } as uPlot.Options,
      [periods.map((_, index) => index), periods.map(({ totalCost }) => totalCost)],
      element,
    );
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [periods, interval, format, theme]);
  const period = pointed === null ? undefined : periods[pointed];
  return (
    <figure className={styles.chart}>
      <figcaption aria-hidden="true">
        {period
          ? `${long(period, interval, format.locale)}: ${format.money(period.totalCost)} · ${words.imageCount(period.totalImages, format.number(period.totalImages))}`
          : words.point}
      </figcaption>
      <div ref={frame} role="img" aria-label={words.chart} />
    </figure>
  );
}

const AMOUNT = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', maximumSignificantDigits: 3, minimumFractionDigits: 0 } as const;

function axis(): uPlot.Axis {
  return {
    stroke: color('--muted'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
}

/** Returns the places of as many labels as have room. */
function places(count: number, width: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, Math.floor(width / 64))));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

function label(period: Period | undefined, interval: Interval, locale: string): string {
  if (!period) return '';
  const options = { HOUR: { hour: '2-digit', minute: '2-digit' }, DAY: { day: 'numeric', month: 'short' }, WEEK: { day: 'numeric', month: 'short' }, MONTH: { month: 'short', year: '2-digit' } } as const;
  return new Intl.DateTimeFormat(locale, options[interval]).format(new Date(period.startsAt));
}

/** Returns a period in words, in the viewer's zone. */
export function long({ startsAt, endsAt }: Period, interval: Interval, locale: string): string {
  const start = new Date(startsAt);
  if (interval === 'HOUR') return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(start);
  if (interval === 'DAY') return new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }).format(start);
  const last = new Date(new Date(endsAt).getTime() - 1);
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' }).formatRange(start, last);
}

/** Returns a token's colour as the canvas takes it, in the theme that is shown. */
function color(token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color: found } = getComputedStyle(probe);
  probe.remove();
  return found;
}

/** Changes whenever the theme does: a canvas must be redrawn. */
function useTheme(): string {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => setTheme(currentTheme());
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    query.addEventListener('change', changed);
    return () => {
      observer.disconnect();
      query.removeEventListener('change', changed);
    };
  }, []);
  return theme;
}

function currentTheme(): string {
  return `${document.documentElement.dataset.theme ?? ''} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
}
