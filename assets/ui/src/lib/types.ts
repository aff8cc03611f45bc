// Names for the shapes of the API, all taken from the generated api.d.ts.
import type { components, paths } from './api';

type Method = 'get' | 'post' | 'patch' | 'delete';
type Answers<Path extends keyof paths, M extends Method> = paths[Path][M] extends { responses: infer R } ? R : never;
type Body<Answer> = Answer extends { content: { 'application/json': infer B } } ? B : never;
/** What a request answers when it goes well. */
type Answer<Path extends keyof paths, M extends Method> = Answers<Path, M> extends { 200: infer A } ? Body<A> : never;
type Input<Path extends keyof paths, M extends Method> =
  paths[Path][M] extends { requestBody?: infer B } ? Body<NonNullable<B>> : never;
type Item<List> = List extends { items: (infer I)[] } ? I : never;

export type Plan = components['schemas']['Plan'];
export type Job = components['schemas']['Job'];
export type Problem = components['schemas']['Problem'];

export type Session = Answer<'/api/v1/session', 'get'>;
export type SessionRow = Item<Answer<'/api/v1/sessions', 'get'>>;
export type User = Item<Answer<'/api/v1/users', 'get'>>;
export type Token = Item<Answer<'/api/v1/tokens', 'get'>>;
export type Site = Item<Answer<'/api/v1/sites', 'get'>>;
export type SiteQuery = NonNullable<paths['/api/v1/sites']['get']['parameters']['query']>;
export type JobQuery = NonNullable<paths['/api/v1/jobs']['get']['parameters']['query']>;
export type SiteFile = Answer<'/api/v1/sites/{domain}/nginx', 'get'>;
export type CreateSite = Input<'/api/v1/sites', 'post'>;
export type UpdateSite = Input<'/api/v1/sites/{domain}', 'patch'>;
export type Header = Site['headers'][number];
export type Finding = Answer<'/api/v1/doctor', 'get'>['findings'][number];
export type DriftItem = Item<Answer<'/api/v1/drift', 'get'>>;
export type Component = Item<Answer<'/api/v1/components', 'get'>>;
export type AuditRow = Item<Answer<'/api/v1/audit', 'get'>>;
export type Metrics = Answer<'/api/v1/metrics', 'get'>;

export type Role = User['role'];
export type SiteKind = Site['kind'];
