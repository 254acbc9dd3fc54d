export type { PostgresPool } from './postgres/connection-of.js';
export type { PgClient, PgQuery } from './postgres/pg-client-connection.js';
export type { PgPool, PgPoolClient } from './postgres/pg-pool-connection.js';
export type { Pglite } from './postgres/pglite-connection.js';
export { postgresDdl } from './postgres/postgres-ddl.js';
export type { PostgresStorageOptions } from './postgres/postgres-storage-options.js';
export { POSTGRES_STORAGE_OPTIONS, POSTGRES_STORAGE_POOL, PostgresStorage } from './postgres/postgres-storage.js';
export type { PostgresTables } from './postgres/postgres-tables.js';
