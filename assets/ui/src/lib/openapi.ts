// Reading an OpenAPI 3.1 document for the reference page.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  /** On the command line a file is named. */
  'x-file'?: boolean;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface Media {
  content?: Record<string, { schema?: Schema }>;
}

interface Reference {
  $ref: string;
}

type Response = Media & { description?: string };

interface RawOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  /** Empty: anybody may call. */
  security?: unknown[];
  parameters?: (Parameter | Reference)[];
  requestBody?: Media;
  responses?: Record<string, Response | Reference>;
}

export interface ApiDocument {
  paths: Record<string, Record<string, RawOperation>>;
  components?: {
    schemas?: Record<string, Schema>;
    parameters?: Record<string, Parameter>;
    responses?: Record<string, Response>;
  };
}

/** An operation with its references followed. */
export interface Operation extends Omit<RawOperation, 'parameters' | 'responses'> {
  method: string;
  path: string;
  parameters: Parameter[];
  responses: Record<string, Response>;
}

export interface Group {
  name: string;
  operations: Operation[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/**
 * The operations by their first tag, in the order of the document, those that contain every word of `query`; `said`
 * are further words of an operation, those of the reader's language.
 */
export function groupOperations(document: ApiDocument, query: string, said: (id: string) => string = () => ''): Group[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const raw = methods[method];
      if (!raw) continue;
      const text = `${method} ${path} ${raw.operationId ?? ''} ${raw.summary ?? ''} ${said(raw.operationId ?? '')}`.toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
      const name = raw.tags?.[0] ?? raw.operationId?.split('.')[0] ?? path.split('/')[1] ?? '';
      groups.set(name, [...(groups.get(name) ?? []), follow(document, raw, method, path)]);
    }
  }
  return [...groups].map(([name, operations]) => ({ name, operations }));
}

function follow(document: ApiDocument, raw: RawOperation, method: string, path: string): Operation {
  const lookUp = <T extends object>(kind: Record<string, T> | undefined, item: T | Reference): T | undefined =>
    '$ref' in item ? kind?.[item.$ref.split('/').at(-1) ?? ''] : item;
  const parameters = (raw.parameters ?? []).map((parameter) => lookUp(document.components?.parameters, parameter));
  const responses = Object.entries(raw.responses ?? {}).map(([status, response]) => [status, lookUp(document.components?.responses, response) ?? {}]);
  return { ...raw, method, path, parameters: parameters.filter((parameter) => parameter !== undefined), responses: Object.fromEntries(responses) };
}

/** The schema a reference points to; any other schema is itself. */
export function resolve(document: ApiDocument, schema: Schema): Schema {
  const name = refName(schema);
  return name === null ? schema : (document.components?.schemas?.[name] ?? {});
}

/** The name in `#/components/schemas/NAME`, or null. */
export function refName(schema: Schema): string | null {
  return schema.$ref?.startsWith('#/components/schemas/') ? schema.$ref.slice('#/components/schemas/'.length) : null;
}

/** The type of a value as one short expression: `string | null`, `Site[]`, `"static" | "proxy"`. */
export function typeName(schema: Schema): string {
  const reference = refName(schema);
  if (reference) return reference;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.map(typeName).join(' | ');
  if (schema.allOf) return schema.allOf.map(typeName).join(' & ');
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'any'];
  return types
    .map((type) => {
      if (type === 'array') return `${wrap(typeName(schema.items ?? {}))}[]`;
      return type === 'string' && schema.format ? `string (${schema.format})` : type;
    })
    .join(' | ');
}

function wrap(name: string): string {
  return name.includes(' ') ? `(${name})` : name;
}

/** The first schema of a body, whatever its media type. */
export function bodySchema(media: Media | undefined): Schema | null {
  return Object.values(media?.content ?? {})[0]?.schema ?? null;
}

/** The address for a request: path parameters put in, query parameters with a value added. */
export function requestUrl(operation: Operation, values: Record<string, string>): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
  const query = new URLSearchParams();
  for (const parameter of operation.parameters) {
    const value = values[parameter.name];
    if (parameter.in === 'query' && value) query.set(parameter.name, value);
  }
  const text = query.toString();
  return `${path}${text ? `?${text}` : ''}`;
}

/** How the acting operation `id` (POST) is called with `input`; null where there is none. */
export function operationRequest(document: ApiDocument, id: string, input: Record<string, string>): { path: string; inPath: Record<string, string>; body: Record<string, string> } | null {
  const path = Object.keys(document.paths).find((candidate) => document.paths[candidate]?.post?.operationId === id);
  if (path === undefined) return null;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const part = (inPath: boolean) => Object.fromEntries(Object.entries(input).filter(([name]) => names.includes(name) === inPath));
  return { path, inPath: part(true), body: part(false) };
}

/** A request as a line for a terminal. Names in capitals stand for values; the token is in a variable. */
export function curlLine(document: ApiDocument, operation: Operation, origin: string): string {
  const required = operation.parameters.filter((parameter) => parameter.required && parameter.in !== 'header');
  const url = requestUrl(operation, Object.fromEntries(required.map(({ name }) => [name, name.toUpperCase()])));
  const body = bodySchema(operation.requestBody);
  const streams = 'text/event-stream' in (operation.responses['200']?.content ?? {});
  return [
    'curl',
    ...(streams ? ['-N'] : []),
    ...(operation.method === 'get' ? [] : [`-X ${operation.method.toUpperCase()}`]),
    ...(operation.security?.length === 0 ? [] : ['-H "Authorization: Bearer $MANARA_TOKEN"']),
    ...(body ? [`-H 'Content-Type: application/json' -d '${JSON.stringify(example(document, body))}'`] : []),
    `'${origin}${url}'`,
  ].join(' ');
}

/** What has to be given, with names in capitals for values. */
function example(document: ApiDocument, schema: Schema): Record<string, unknown> {
  const { properties = {}, required = [] } = resolve(document, schema);
  return Object.fromEntries(required.map((name) => [name, choices(document, properties[name])[0] ?? name.toUpperCase()]));
}

function choices(document: ApiDocument, schema: Schema = {}): unknown[] {
  const whole = resolve(document, schema);
  return whole.enum ?? (whole.oneOf ?? []).map((variant) => variant.const).filter((value) => value !== undefined);
}

/** Operations whose command has a name of its own, or that are done in a browser only. */
const OWN_COMMANDS: Record<string, string | null> = {
  'claim.create': 'manara claim',
  'panel.unlock': 'manara unlock',
  'session.create': null,
  'session.password': null,
  'state.apply': 'manara apply FILE',
  'state.export': 'manara export',
};

/** The command that does the same, or null where there is none. */
export function commandLine(document: ApiDocument, operation: Operation): string | null {
  const id = operation.operationId ?? '';
  const own = OWN_COMMANDS[id];
  if (own !== undefined) return own;
  const places = operation.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name.toUpperCase());
  const body = resolve(document, bodySchema(operation.requestBody) ?? {});
  const query = operation.parameters.filter((parameter) => parameter.in === 'query' && parameter.required).map((parameter) => parameter.name);
  // Named as in the command line's own help.
  const value = (name: string) => {
    const schema = body.properties?.[name];
    return schema?.['x-file'] ? 'FILE' : schema?.type === 'integer' ? 'N' : name.toUpperCase();
  };
  const flags = [...query, ...(body.required ?? [])].map((name) => `--${name.replaceAll('_', '-')} ${value(name)}`);
  return ['manara', ...id.replaceAll('_', '-').split('.'), ...places, ...flags].join(' ');
}
