export { signIn } from './module/sign-in.js';
export type { ConformanceCase, ConformanceOptions } from './testing/conformance/conformance-bench.js';
export { FaultStorage, type Fault, type FaultyVerb } from './testing/fault-storage.js';
export { ForwardingStorage } from './testing/forwarding-storage.js';
export { GateStorage, type Point } from './testing/gate-storage.js';
export { ManualClock } from './testing/manual-clock.js';
export type { Held } from './testing/stops.js';
export { storageConformance } from './testing/storage-conformance.js';
export { transformerConformance, type TransformerConformanceOptions } from './testing/transformer-conformance.js';
