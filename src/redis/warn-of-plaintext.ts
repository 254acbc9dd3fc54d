import { isObject } from './is-object.js';

/** Whoever was warned of. */
const told = new WeakSet<object>();

/** A place that a client connects to. */
interface Endpoint {
  readonly host: string;
  readonly isSecure: boolean;
}

/**
 * Warns, in production and once of each client, when it connects to another machine without TLS: who is between could read
 * and change every session. The pools of `redis`, and its clients for Sentinel, do not tell where they connect to.
 */
export function warnOfPlaintext(client: object): void {
  if (process.env['NODE_ENV'] !== 'production' || told.has(client)) return;
  const host = endpointsOf(client).find((endpoint) => !endpoint.isSecure && isRemote(endpoint.host))?.host;
  if (host === undefined) return;
  told.add(client);
  process.emitWarning(
    `Sessions travel to Redis at ${host} without TLS: connect by rediss://, or with the option tls of the client`,
    'NestSessionsWarning',
  );
}

function endpointsOf(client: object): readonly Endpoint[] {
  const { options, _options: clusterOptions, startupNodes } = client as Record<string, unknown>;
  if (Array.isArray(startupNodes)) return startupNodes.map((node) => nodeOfIoRedis(node, options));
  if (isObject(clusterOptions) && Array.isArray(clusterOptions['rootNodes'])) {
    return clusterOptions['rootNodes'].map((node) => nodeOfNodeRedis(node, clusterOptions['defaults']));
  }
  if (!isObject(options)) return [];
  return 'callBuffer' in client ? endpointsOfIoRedis(options) : [nodeOfNodeRedis(options, undefined)];
}

/** By `url` or `socket`, of a client or of a node of a cluster. */
function nodeOfNodeRedis(node: unknown, defaults: unknown): Endpoint {
  const { url, socket } = propertiesOf(node);
  const { host, tls } = { ...propertiesOf(propertiesOf(defaults)['socket']), ...propertiesOf(socket) };
  const named = urlOf(url);
  return { host: named?.hostname ?? textOf(host), isSecure: named?.protocol === 'rediss:' || Boolean(tls) };
}

/** By host and port, or of a group of sentinels, which lead to a server as far away as they are. */
function endpointsOfIoRedis(options: Record<string, unknown>): readonly Endpoint[] {
  const { sentinels, host, path, tls, enableTLSForSentinelMode } = options;
  if (!Array.isArray(sentinels)) {
    return typeof path === 'string' ? [] : [{ host: textOf(host), isSecure: Boolean(tls) }];
  }
  const isSecure = Boolean(tls) && enableTLSForSentinelMode === true;
  return sentinels.map((sentinel) => ({ host: textOf(propertiesOf(sentinel)['host']), isSecure }));
}

/** A URL, a port, or host and port, of a cluster. */
function nodeOfIoRedis(node: unknown, options: unknown): Endpoint {
  const named = urlOf(node);
  const { host, tls: ownTls } = propertiesOf(node);
  const { tls = ownTls } = propertiesOf(propertiesOf(options)['redisOptions']);
  return { host: named?.hostname ?? textOf(host), isSecure: named?.protocol === 'rediss:' || Boolean(tls) };
}

function urlOf(text: unknown): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
}

/** Without a host, the drivers connect to this machine. */
function isRemote(host: string): boolean {
  return !/^(|localhost|.*\.localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);
}

function textOf(host: unknown): string {
  return typeof host === 'string' ? host : '';
}

function propertiesOf(thing: unknown): Record<string, unknown> {
  return isObject(thing) ? thing : {};
}
