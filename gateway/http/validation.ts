// JSON-schema validation of inputs: strict on types, and a message that names the field.
import type { FastifyError, FastifyInstance } from 'fastify';
import type { FieldError } from './problem.ts';

/**
 * Ajv options. Nothing is coerced or dropped: a body with `"60"` for a number or with an unknown
 * field is refused. Query strings are text, so numbers in them are read by `installQueryTypes`.
 */
export const AJV_OPTIONS = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: true,
  allErrors: false,
  allowUnionTypes: true,
} as const;

const INTEGER = /^-?\d{1,15}$/;

/** Turns decimal texts into numbers where the route's query schema says integer. */
export function installQueryTypes(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    const schema = request.routeOptions.schema?.querystring;
    const query = request.query;
    if (!isObject(schema) || !isObject(schema['properties']) || !isObject(query)) return;
    for (const [name, property] of Object.entries(schema['properties'])) {
      if (!isObject(property) || property['type'] !== 'integer') continue;
      const text = query[name];
      if (typeof text === 'string' && INTEGER.test(text)) query[name] = Number(text);
    }
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const PLACES: Record<string, string> = { querystring: 'query', params: 'path', headers: 'header' };

/** The failures of one request, each with the path of the field: `query/limit`, `body/ids/3`. */
export function fieldErrors(error: FastifyError): FieldError[] {
  const place = PLACES[error.validationContext ?? ''] ?? error.validationContext ?? 'request';
  return (error.validation ?? []).map(({ instancePath, params, message }) => {
    const named = params['missingProperty'] ?? params['additionalProperty'];
    const path = typeof named === 'string' ? `${instancePath}/${named}` : instancePath;
    return { path: `${place}${path}`.slice(0, 200), message: sentence(params, message) };
  });
}

function sentence(params: Record<string, unknown>, message: string | undefined): string {
  if (params['missingProperty'] !== undefined) return 'is missing';
  if (params['additionalProperty'] !== undefined) return 'is not known here';
  const allowed = params['allowedValues'];
  if (Array.isArray(allowed)) return `must be one of ${allowed.join(', ')}`;
  return message ?? 'is not valid';
}
