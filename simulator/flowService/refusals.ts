/** Refusals of Flow Service: codes, titles and texts of "Flow Service API error codes". */
import { Refusal } from '../errorFamilies.js';

function refusal(code: string, title: string, detail: string, report?: Readonly<Record<string, unknown>>): Refusal {
  return new Refusal({ status: Number(code.slice(-3)), code, title, detail, report });
}

const invalidRequest = (code: string, detail: string) => refusal(code, 'Invalid request', detail);

/** Plural collection name as it stands in the path. */
export type FlowCollection =
  | 'flows'
  | 'sourceConnections'
  | 'targetConnections'
  | 'connections'
  | 'runs'
  | 'connectionSpecs'
  | 'flowSpecs';

export function notFound(type: FlowCollection, id: string): Refusal {
  const detail = `The requested ${type} resource ${id} is not found. Verify the resource ID before trying again.`;
  return refusal('1439-404', 'Resource not found', detail, { id, type });
}

/** @param code of policy `unknownConnectionCode` */
export function connectionUnknown(code: string, type: FlowCollection, id: string): Refusal {
  const detail = `The requested ${type} resource ${id} is not found. Verify the resource ID before trying again.`;
  return refusal(code, 'Resource not found', detail, { id, type });
}

/** @param code of policy `flowInvalidCode` */
export const invalidBody = (code: string, detail: string) => invalidRequest(code, detail);

export const countWithLimit = () =>
  invalidRequest('1401-400', 'The query parameters limit and count cannot be used together.');

export const ifMatchMissing = () =>
  refusal(
    '1403-400',
    'Header is missing',
    `The header 'If-Match' is missing in the request. Please provide the header and try again.`,
  );

export function versionStale(supplied: string, entity: string): Refusal {
  const detail = `The supplied version '${supplied}' does not match the current version on entity '${entity}'. Please ensure that the supplied version matches the current version on entity and try again.`;
  return refusal('1404-412', 'Version not matching', detail);
}

export const bodyEmpty = () =>
  invalidRequest('1405-400', 'The request body cannot be null or empty. Please provide a request body and try again.');

export const stateNotAllowed = () => invalidRequest('1410-400', 'State is not allowed in the create flow request.');

export const mappingVersionInvalid = () =>
  invalidRequest('1412-400', 'Invalid Mapping Version in request. Please provide correct mapping version.');

export const specUnknown = () =>
  invalidRequest('1413-400', 'The spec ID provided is invalid. Please provide a valid spec ID and try again.');

export const connectionSpecFixed = () =>
  invalidRequest('1414-400', 'The connection spec of a connection cannot be changed.');

export const authSpecUnknown = (name: string) =>
  invalidRequest('1415-400', `The auth spec ${name} is not found for the connection spec.`);

export const updateRefusedInState = (state: string) =>
  invalidRequest(
    '1416-400',
    `The operation is allowed only in the states enabled, disabled or initializing, not in ${state}.`,
  );

export const baseConnectionInUse = (id: string) =>
  invalidRequest('1418-400', `The base connection ${id} is used in flows and cannot be deleted.`);

export function mappingUnknown(id: string, version: number): Refusal {
  const detail = `Error while validating mapping with id ${id}, version ${version}. Please ensure that the mapping exists and that you have access to it.`;
  return invalidRequest('1419-400', detail);
}

export const flowBusy = (state: string) =>
  invalidRequest('1420-400', `The flow cannot be updated in the current state ${state}. Please try again later.`);

export const transitionRefused = (state: string) =>
  invalidRequest('1421-400', `The transition is not allowed from the current state ${state}.`);

export function actionRefused(action: string, state: string): Refusal {
  const detail = `The action ${action} cannot be applied on the current state ${state}. Please ensure that the action is valid for the state and try again.`;
  return invalidRequest('1422-400', detail);
}

export function schemasDiffer(datasetId: string, mappingId: string): Refusal {
  const detail = `Error while matching schema in target dataset ${datasetId} with schema in mapping ${mappingId}. Schema with same id and version must be used in both mapping and target dataset.`;
  return invalidRequest('1425-400', detail);
}

export const sortPrefixInvalid = (orderby: string) =>
  invalidRequest('1432-400', `The prefix of the sort field in '${orderby}' is not valid. Use + or -.`);

export const sortFieldInvalid = (field: string) =>
  invalidRequest('1433-400', `The sort field '${field}' is not valid.`);

export const patchUnsupported = (op: string) =>
  invalidRequest(
    '1434-400',
    `Unsupported operation '${op}' received. Supported operations are add, replace and remove.`,
  );

export const filterOperatorUnknown = (expression: string) =>
  invalidRequest('1440-400', `The filter '${expression}' has an operator that is not supported.`);

export const filterManyValues = (expression: string) =>
  invalidRequest('1443-400', `The operator of the filter '${expression}' does not take several values.`);

export const flowsFound = (id: string) => invalidRequest('1447-400', `Found active flows containing id ${id}.`);

export const filterInvalid = (expression: string) =>
  invalidRequest('1450-400', `The filter '${expression}' is not valid.`);

export const parameterUnknown = (name: string) =>
  invalidRequest('1451-400', `The query parameter '${name}' is not supported.`);

export const continuationInvalid = (code: string) => invalidRequest(code, 'The continuation token is not valid.');

export const patchPathInvalid = (key: string) =>
  invalidRequest('1455-400', `An error has occurred while validating patch instructions: Missing field "${key}".`);

export const deleteRefusedInState = (state: string) =>
  invalidRequest('1458-400', `The flow cannot be deleted in the current state ${state}.`);
