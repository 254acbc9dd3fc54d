const euros = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

/** Writes an amount of cents as a person reads it. */
export function formatMoney(cents: number): string {
  return euros.format(cents / 100);
}
