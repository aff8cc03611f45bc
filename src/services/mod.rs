//! Floor 3: the domain. A service sees another one only through its `mod.rs`, and only along the edges that the tidy test
//! lists.

pub mod accounts;
pub mod doctor;
pub mod logs;
pub mod monitoring;
pub mod nginx;
pub mod setup;
pub mod sites;
pub mod state;
pub mod upkeep;
