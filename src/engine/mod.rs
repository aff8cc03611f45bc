//! Floor 2: how anything changes. Operations make a [`plan::Plan`]; only [`apply`] carries one out.

pub mod actor;
pub mod apply;
pub mod callers;
mod caught;
pub mod certificate;
pub mod change;
pub mod core;
pub mod doors;
pub mod drift;
pub mod events;
pub mod gate;
pub mod gauges;
pub mod guard;
mod history;
pub mod hooks;
pub mod jobs;
pub mod locks;
pub mod logs;
pub mod looks;
pub mod plan;
mod quarantine;
pub mod recover;
pub mod refusals;
pub mod settings;
pub mod trail;
pub mod unrecorded;

pub use self::core::Core;
pub use actor::{Actor, Door, Request};
pub use caught::caught;
pub use plan::{Draft, Plan, PlanView};
