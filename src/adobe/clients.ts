/** All clients over one connection pool and one token cache. */
import type { Logger } from 'pino';
import { Agent } from 'undici';
import type { AdobeConfiguration } from '../configuration.js';
import { createCatalog, type Catalog } from './catalog.js';
import { createDataAccess, type DataAccess } from './dataAccess.js';
import { createDataPrep, type DataPrep } from './dataPrep.js';
import { createFlowService, type FlowService } from './flowService.js';
import { createAdobeHttp } from './http.js';
import { createIdentityNamespaces, type IdentityNamespaces } from './identityNamespaces.js';
import { createTokens, type Tokens } from './ims.js';
import { createQueryService, type QueryService } from './queryService.js';
import { createSandboxes, type Sandboxes } from './sandboxes.js';
import { createSchemaRegistry, type SchemaRegistry } from './schemaRegistry.js';

export interface AdobeClients {
  readonly schemaRegistry: SchemaRegistry;
  readonly catalog: Catalog;
  readonly dataPrep: DataPrep;
  readonly dataAccess: DataAccess;
  readonly flowService: FlowService;
  readonly identityNamespaces: IdentityNamespaces;
  readonly sandboxes: Sandboxes;
  readonly queryService: QueryService;
}

interface SandboxOptions {
  readonly signal?: AbortSignal;
  readonly mayBegin?: () => boolean;
}

export interface Adobe {
  /**
   * @param options.signal breaks off every call made through these clients; leave it out for creates
   * @param options.mayBegin asked right before each request's first byte; false: it is not sent. One under way is left alone
   */
  forSandbox(sandbox: string, options?: SandboxOptions): AdobeClients;
  readonly tokens: Tokens;
  close(): Promise<void>;
}

/**
 * One per process.
 *
 * @example
 * const adobe = createAdobe({ configuration, log });
 * const { tenantId } = await adobe.forSandbox('prod').schemaRegistry.stats();
 */
export function createAdobe({ configuration, log }: { configuration: AdobeConfiguration; log: Logger }): Adobe {
  const dispatcher = new Agent({
    connect: { timeout: 10_000 },
    connections: 16,
    pipelining: 1,
    // Whatever the server hints: a create on a connection that just closes has an unknown outcome.
    keepAliveMaxTimeout: 4_000,
  });
  const tokens = createTokens({ configuration, dispatcher, log });
  return {
    tokens,
    forSandbox(sandbox, { signal, mayBegin } = {}) {
      const http = createAdobeHttp({ configuration, sandbox, tokens, dispatcher, log, signal, mayBegin });
      return {
        schemaRegistry: createSchemaRegistry(http),
        catalog: createCatalog(http),
        dataPrep: createDataPrep(http),
        dataAccess: createDataAccess(http),
        flowService: createFlowService(http),
        identityNamespaces: createIdentityNamespaces(http),
        sandboxes: createSandboxes(http),
        queryService: createQueryService(http),
      };
    },
    close: () => dispatcher.close(),
  };
}
