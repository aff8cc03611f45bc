// Names for the schemas of the API; the shapes come from the generated api.d.ts.
import type { components } from './api';

type Schemas = components['schemas'];

export type Alias = Schemas['Alias'];
export type AuditRow = Schemas['AuditRow'];
export type Change = Schemas['Change'];
export type Component = Schemas['Component'];
export type DriftItem = Schemas['DriftItem'];
export type Finding = Schemas['Finding'];
export type Header = Schemas['Header'];
export type Job = Schemas['Job'];
export type NginxView = Schemas['NginxView'];
export type Plan = Schemas['Plan'];
export type Problem = Schemas['Problem'];
export type Session = Schemas['Session'];
export type SessionRow = Schemas['SessionRow'];
export type Site = Schemas['Site'];
export type Token = Schemas['Token'];
export type User = Schemas['User'];

export type Role = User['role'];
export type SiteKind = Site['kind'];

/** What the `metrics` event carries: bytes, bytes per second, percent. */
export interface Metrics {
  at: string;
  cpu_percent: number;
  load1: number;
  memory_used: number;
  memory_total: number;
  disk_used: number;
  disk_total: number;
  net_rx_per_s: number;
  net_tx_per_s: number;
}
