/** Where connections are kept: three collections of one form. */
import type { Context } from '../../context.js';
import { COLLECTIONS, type StoredConnection } from '../../state/stored.js';

export type ConnectionCollection = 'sourceConnections' | 'targetConnections' | 'connections';

export function connectionsOf(context: Pick<Context, 'state'>, collection: ConnectionCollection) {
  return context.state.collection<StoredConnection>(COLLECTIONS[collection]);
}
