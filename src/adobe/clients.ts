/** All clients over one connection pool and one token cache. */
import type { Logger } from 'pino';
import { createDispatcher } from './http/dispatcher.js';
import type { AdobeConfiguration } from '../configuration.js';
import type { RequestBudget } from '../domain/source/requestBudget.js';
import { createCatalog, type Catalog } from './services/catalog.js';
import { createDataAccess, type DataAccess } from './services/dataAccess.js';
import { createDataPrep, type DataPrep } from './services/dataPrep.js';
import { createFlowService, type FlowService } from './services/flowService.js';
import { createAdobeHttp } from './http/http.js';
import { createIdentityNamespaces, type IdentityNamespaces } from './services/identityNamespaces.js';
import { createTokens, type Tokens } from './http/ims.js';
import { createQueryService, type QueryService } from './lake/queryService.js';
import { createSandboxes, type Sandboxes } from './services/sandboxes.js';
import { createSchemaRegistry, type SchemaRegistry } from './services/schemaRegistry.js';

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
 * One per process. Every call through its clients throws an AdobeCallError, whose `kind` says what became of it and whose `effect`
 * whether Adobe may have changed something; `http/catalogue.ts` makes of it an error with a code, as `CAEP_ADOBE_REFUSED`. No call is
 * repeated by itself.
 *
 * @example
 * const adobe = createAdobe({ configuration, log });
 * const { tenantId } = await adobe.forSandbox('prod').schemaRegistry.stats();
 * log.info({ tenantId });
 * await adobe.close();
 */
export function createAdobe({
  configuration,
  budget,
  log,
}: {
  configuration: AdobeConfiguration;
  /** Of the organisation. Absent: requests are not counted. */
  budget?: RequestBudget;
  log: Logger;
}): Adobe {
  const dispatcher = createDispatcher(configuration.proxy, {
    connectTimeoutMs: 10_000,
    connections: 16,
    // Whatever the server hints: a create on a connection that just closes has an unknown outcome.
    keepAliveMaxTimeout: 4_000,
  });
  const tokens = createTokens({ configuration, dispatcher, log });
  return {
    tokens,
    forSandbox(sandbox, { signal, mayBegin } = {}) {
      const http = createAdobeHttp({ configuration, sandbox, tokens, dispatcher, log, signal, mayBegin, budget });
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
