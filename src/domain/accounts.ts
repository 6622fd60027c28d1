/** Base connections of Flow Service, which Adobe's UI calls accounts. Chatlio's source needs none. Plain JSON, no credentials. */

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly state?: string;
  /** Of which kind of source it is: the connection specification's name, else its id. */
  readonly kind?: string;
  /** How it signs in: `auth.specName`. */
  readonly authentication?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  readonly updatedAt?: number;
}

/** An object that is built on an account. */
export interface AccountUser {
  readonly what: 'source connection' | 'target connection' | 'flow';
  readonly id: string;
  readonly name: string;
  readonly state?: string;
}

export interface AccountList {
  readonly v: 1;
  readonly sandbox: string;
  readonly accounts: readonly Account[];
}

export interface AccountDetails {
  readonly v: 1;
  readonly sandbox: string;
  readonly account: Account;
  readonly usedBy: readonly AccountUser[];
}

/** What of an account can be changed. */
export type AccountField = 'name' | 'description' | 'credentials';

export interface AccountUpdated {
  readonly v: 1;
  /** Empty: it was so already. Credentials cannot be compared, and are always among them. */
  readonly changed: readonly AccountField[];
  readonly account: Account;
}

export interface AccountDeleted {
  readonly v: 1;
  /** False: it was gone already. */
  readonly deleted: boolean;
}

/** To whom the command line seals credentials: a key of one use, which only this installation's workers have. */
export interface Recipient {
  readonly sealTo: string;
  /** Its private half, which only the installation's key file opens; given back with what was sealed. */
  readonly ticket: string;
}

/** Credentials on their way: JSON of {@link CredentialsFor}, sealed to a {@link Recipient}. */
export interface SealedCredentials {
  readonly ticket: string;
  readonly sealed: string;
}

/** Bound to the account, so that nobody can give them to another. */
export interface CredentialsFor {
  readonly sandbox: string;
  readonly id: string;
  /** `auth.params`, whole. */
  readonly params: Readonly<Record<string, unknown>>;
}
