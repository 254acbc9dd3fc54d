export { DevalueSerializer } from './record/devalue-serializer.js';
export type { SerializerLimits } from './record/serializer-limits.js';
