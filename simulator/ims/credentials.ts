/** Who may call the simulated services, and which sandboxes their organisation has. */

export interface Credentials {
  /** `…@AdobeOrg` */
  readonly orgId: string;
  /** Without the underscore that field namespaces put in front. */
  readonly tenantId: string;
  readonly clientId: string;
  /** Several may be valid at once, as during a rotation. */
  readonly clientSecrets: readonly string[];
  /** Comma separated; a token request may ask for no other. */
  readonly scopes: string;
  /** Technical names; the first is a production sandbox and the default one. */
  readonly sandboxNames: readonly string[];
}

/** The simulator guards nothing of value, so its credentials are the same everywhere and examples can print them. */
export const DEFAULT_CREDENTIALS: Credentials = {
  orgId: '5F1A2B3C4D5E6F7A0A495C21@AdobeOrg',
  tenantId: 'acmetenant',
  clientId: '0f3c9d2e8b7a4c65a1d0e2f3b4c5d6e7',
  clientSecrets: ['p8e-simulated-Zm9yLXRlc3RzLW9ubHk'],
  scopes: 'openid,session,AdobeID,read_organizations,additional_info.projectedProductContext',
  sandboxNames: ['prod', 'dev'],
};

/** The technical account that Adobe's console makes for a client. */
export function technicalAccountOf(credentials: Credentials): string {
  return `${credentials.clientId.slice(0, 24).toUpperCase()}@techacct.adobe.com`;
}
