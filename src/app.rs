//! Floor 7: the composition root, the only place that knows everyone.

pub mod logging;
