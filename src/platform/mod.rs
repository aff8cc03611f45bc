//! Floor 1: the machine.

pub mod detect;
