// Names for the shapes of the API, all taken from the generated api.d.ts.
import type { components, paths } from './api';

type Schemas = components['schemas'];
type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

export type AuditRow = Schemas['EntryView'];
export type AuditVerdict = Schemas['Verdict'];
export type Component = Schemas['ComponentState'];
export type Diagnosis = Schemas['Diagnosis'];
export type DriftItem = Schemas['Drift'];
export type Family = Schemas['Family'];
export type Finding = Schemas['Told'];
export type Group = Schemas['Group'];
export type Guard = Schemas['GuardView'];
export type Header = Schemas['Header'];
export type History = Schemas['History'];
export type Job = Schemas['Job'];
export type Metrics = Schemas['Figures'];
export type Permission = Schemas['Permission'];
export type Plan = Schemas['Plan'];
export type Preferences = Schemas['Preferences'];
export type PreferencesPatch = NonNullable<paths['/api/v1/session/preferences']['patch']['requestBody']>['content']['application/json'];
export type Problem = Schemas['Problem'];
export type Role = Schemas['Role'];
export type Session = Schemas['SessionView'];
export type Setting = Schemas['SettingView'];
export type Setup = Schemas['Setup'];
export type SetupStep = Schemas['StepName'];
export type SettingsPatch = NonNullable<paths['/api/v1/settings']['patch']['requestBody']>['content']['application/json'];
export type SavedView = Schemas['SavedView'];
export type NewView = paths['/api/v1/views']['post']['requestBody']['content']['application/json'];
export type Site = Schemas['Site'];
export type SiteChange = Schemas['SiteChange'];
export type SiteField = Schemas['SiteField'];
export type SiteFile = Schemas['SiteFile'];
export type SiteKind = Schemas['SiteKind'];
export type Token = Schemas['TokenRow'];
export type Unit = Schemas['Unit'];
export type User = Schemas['UserView'];

export type JobQuery = Query<'/api/v1/jobs'>;
export type SiteSelection = NonNullable<paths['/api/v1/sites/delete']['post']['requestBody']>['content']['application/json'];
export type SiteQuery = Query<'/api/v1/sites'>;
export type CreateSite = paths['/api/v1/sites']['post']['requestBody']['content']['application/json'];
export type UpdateSite = NonNullable<paths['/api/v1/sites/{domain}']['patch']['requestBody']>['content']['application/json'];
