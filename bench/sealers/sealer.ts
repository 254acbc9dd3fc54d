/** A way to hand a session's data to the client itself, as this bench drives it. */
export interface Sealer {
  readonly name: string;
  /** What its text is safe from. */
  readonly protection: string;
  /** Data to the text that travels. */
  seal(data: SessionData): string | Promise<string>;
  /** Back; `undefined` when it did not make that text. */
  open(text: string): object | undefined | Promise<object | undefined>;
}

/** What a session of an app holds. */
export type SessionData = Readonly<Record<string, unknown>>;

/** A session as many are, 1 KB of JSON. */
export function sessionOfOneKilobyte(): SessionData {
  const cart = ['mug', 'lamp', 'notebook', 'plant', 'candle', 'kettle'].map((productId, at) => ({
    productId,
    quantity: at + 1,
    addedAt: '2026-03-14T15:09:26.535Z',
    options: { engraving: at % 2 === 0, colour: 'forest green' },
  }));
  const data = {
    userId: '4b0b1e9e-6f0c-4f43-9c8e-0b5d8f2f8a11',
    roles: ['customer', 'reviewer'],
    signedInAt: 1_773_500_966_535,
    locale: 'de-AT',
    cart,
    recent: '',
  };
  return { ...data, recent: 'x'.repeat(1024 - JSON.stringify(data).length) };
}
