//! Sites: what is hosted.

mod model;
mod own_ports;
mod plan;
mod view;

pub use model::{Header, NameView, Options, ProblemView, SiteCreate, SiteKind, SiteState, SiteUpdate, SiteView};
pub use plan::{plan_create, plan_delete, plan_enabled, plan_reapply, plan_update, render};
pub use view::{Listing, SiteFile, SiteQuery, file, find, list, show};
