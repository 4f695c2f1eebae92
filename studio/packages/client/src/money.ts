/** An exact amount in US dollars, as a decimal number such as `"0.01"`. */
export type Money = string;

const DECIMALS = 9;

/**
 * Returns an amount of the API as a decimal number.
 *
 * The server counts billionths of a dollar and writes them as JSON numbers. As text, small amounts
 * do not become `1e-7`. It is exact up to nine million dollars.
 */
export function money(amount: number): Money {
  return amount.toFixed(DECIMALS).replace(/\.?0+$/, '');
}

/** Returns an amount in billionths of a dollar, for exact sums. */
export function nanodollars(amount: Money): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(amount);
  if (!match) throw new RangeError(`Not an amount of money: ${JSON.stringify(amount)}`);
  const [, sign, whole = '', part = ''] = match;
  const size = BigInt(whole + part.padEnd(DECIMALS, '0'));
  return sign ? -size : size;
}
