import type { Product } from './product.js';

/** What is on the shelves; a real shop asks its database. */
export const PRODUCTS: readonly Product[] = [
  { id: 'mug', name: 'Stoneware mug', description: 'Thrown by hand, holds 350 ml.', price: 1850 },
  { id: 'lamp', name: 'Reading lamp', description: 'Bent ash and a warm light.', price: 6900 },
  { id: 'notebook', name: 'Field notebook', description: '96 dotted pages that lie flat.', price: 1200 },
  { id: 'plant', name: 'Snake plant', description: 'In a clay pot, hard to kill.', price: 2400 },
  { id: 'candle', name: 'Beeswax candle', description: 'Burns for forty hours.', price: 1575 },
  { id: 'kettle', name: 'Enamel kettle', description: 'Two litres, sings when done.', price: 4450 },
];
