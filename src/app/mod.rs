//! Floor 7: the composition root. The only place that knows everyone.

pub mod logging;
pub mod open;
