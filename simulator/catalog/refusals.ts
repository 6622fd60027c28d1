/** Refusals of Catalog, whose bodies Adobe does not publish. */
import { Refusal } from '../errorFamilies.js';

export const notFound = (id: string) =>
  new Refusal({ status: 404, title: 'NotFoundError', detail: `Dataset ${id} not found` });

export const badRequest = (detail: string) => new Refusal({ status: 400, title: 'BadRequestError', detail });

export const versionStale = (version: string) =>
  new Refusal({
    status: 412,
    title: 'PreconditionFailedError',
    detail: `The version ${version} is not the current version of the object`,
  });
