//! Sites: what is hosted.

mod batch;
mod history;
mod model;
mod own_ports;
mod plan;
mod view;

pub use batch::{Selection, plan_delete_many, plan_switch_many};
pub use history::{ChangeView, FieldChange, History, history, plan_undo, plan_undo_all};
pub use model::{Header, NameView, Options, ProblemView, SiteCreate, SiteKind, SiteState, SiteUpdate, SiteView};
pub use plan::{plan_create, plan_delete, plan_enabled, plan_reapply, plan_update, render};
pub use view::{Listing, SiteFile, SiteQuery, file, find, list, show};
