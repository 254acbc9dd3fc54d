import { replying, without, type Bag, type Routes } from './routes.js';

/** One route for each thing that a handler may do with its session; what it answers shows the session afterwards. */
export const verbRoutes = {
  /** Does not use the session. */
  plain: without(),
  /** Declares the session and leaves it alone. */
  declared: () => 'ok',
  read: ({ session }) => session.data,
  facts: ({ session }) => ({
    id: session.id,
    isNew: session.isNew,
    createdAt: session.createdAt.getTime(),
    expiresAt: session.expiresAt.getTime(),
  }),
  /** `?key=value` ... */
  set: ({ session, request }) => void Object.assign(session.data, request.query),
  remove: ({ session, request }) => void delete session.data[request.query['key'] ?? ''],
  replace: ({ session, request }) => void (session.data = { ...request.query } as Bag),
  /** The same, answered through `@Res()`. */
  reply: replying(({ session, request, reply }) => {
    Object.assign(session.data, request.query);
    reply.send('replied');
  }),
  save: async ({ session, request }) => {
    Object.assign(session.data, request.query);
    await session.save();
    return session.data;
  },
  reload: async ({ session }) => {
    await session.reload();
    return session.data;
  },
  regenerate: async ({ session, request }) => {
    Object.assign(session.data, request.query);
    await session.regenerate();
    return session.data;
  },
  destroy: ({ session }) => session.destroy(),
  count: ({ session }) => session.update((data) => void (data.n = (data.n ?? 0) + 1)),
  take: async ({ session, request }) => ({ taken: await session.take(request.query['key'] ?? '') }),
} satisfies Routes;
