//! What nginx is told: trees of directives rendered from the desired state.
//!
//! The shape keeps ten thousand sites cheap: one small file a site, variables instead of literal addresses, shared
//! settings once at `http` level, no certificate context per site, one buffered access log.

mod base;
mod ensure;
mod site;
mod whose;

pub use base::base_files;
pub use ensure::{ensure, reapply, start};
pub use site::{Serves, SiteSpec, site_file};
pub use whose::{adopt, release, wanted};
