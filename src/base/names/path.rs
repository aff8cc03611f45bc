//! Paths below a folder the panel chose.

use super::{Name, NameError};

/// A relative path of plain components: no `..`, no `.`, no empty or hidden-by-control-character part, never absolute.
/// The file system is still asked beneath a descriptor; this keeps nonsense out of plans and diffs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(String);

impl Name for RelPath {
    const FORMAT: &'static str = "relative-path";
    const BYTES_MAX: usize = 1024;

    fn parse(text: &str) -> Result<Self, NameError> {
        let part_ok = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 255;
        if text.chars().any(super::is_deceptive) || !text.split('/').all(part_ok) {
            return Err(NameError::new("relative_path"));
        }
        Ok(Self(text.to_owned()))
    }
}

super::string_name!(RelPath);
