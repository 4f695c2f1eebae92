import { useEffect, useState } from 'react';
import { useFormat } from '../language/Language';

const MINUTE = 60_000;

/** An amount in US dollars, exact to the billionth. */
export function Money({ dollars }: { dollars: number }) {
  return <span className="number">{useFormat().money(dollars)}</span>;
}

/** A figure in US dollars, rounded for a quick look; the exact amount is its tip. */
export function RoundMoney({ dollars }: { dollars: number }) {
  const format = useFormat();
  return (
    <span className="number" title={format.money(dollars)}>
      {format.roundMoney(dollars)}
    </span>
  );
}

/** A time in the viewer's locale and zone; relative within a week, with the exact time as a tip. */
export function Time({ value, isExact = false }: { value: string; isExact?: boolean }) {
  const format = useFormat();
  const exact = format.dateTime(value);
  return (
    <time dateTime={value} title={exact}>
      {isExact ? exact : <Age value={value} />}
    </time>
  );
}

function Age({ value }: { value: string }) {
  const format = useFormat();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE);
    return () => clearInterval(timer);
  }, []);
  return format.relative(value, now);
}
