/** Query Service: how to reach the lake over the PostgreSQL wire protocol. */
import * as z from 'zod';
import type { AdobeHttp } from '../http/http.js';

export interface QueryServiceParameters {
  readonly host: string;
  readonly port: number;
  /** `{sandbox}:all`. */
  readonly database: string;
  readonly user: string;
  /** A secret: the token that is the password. Valid for at most 24 hours. */
  readonly password: string;
}

const parametersSchema = z
  .looseObject({
    host: z.string().min(1),
    port: z.coerce.number().int().default(80),
    dbName: z.string().min(1),
    username: z.string().min(1),
    token: z.string().min(1),
  })
  .transform(
    ({ host, port, dbName, username, token }): QueryServiceParameters => ({
      host,
      port,
      database: dbName,
      user: username,
      password: token,
    }),
  );

export type QueryService = ReturnType<typeof createQueryService>;

export function createQueryService(http: AdobeHttp) {
  return {
    connectionParameters: (): Promise<QueryServiceParameters> =>
      http.request(
        { service: 'Query Service', method: 'GET', path: '/data/foundation/query/connection_parameters' },
        parametersSchema,
      ),
  };
}
