//! Floor 3: the domain.

pub mod doctor;
