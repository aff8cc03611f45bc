//! Readable differences between two texts.

use similar::TextDiff;

/// Unified diff (three lines of context) from `before` to `after`; empty when they are equal. `None` stands for a file
/// that does not exist.
pub fn unified(name: &str, before: Option<&str>, after: Option<&str>) -> String {
    let from = if before.is_some() { format!("a/{name}") } else { "/dev/null".into() };
    let to = if after.is_some() { format!("b/{name}") } else { "/dev/null".into() };
    TextDiff::from_lines(before.unwrap_or(""), after.unwrap_or(""))
        .unified_diff()
        .context_radius(3)
        .header(&from, &to)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_equal_files() {
        assert!(unified("x", None, Some("a\n")).starts_with("--- /dev/null\n+++ b/x\n"));
        assert!(unified("x", Some("a\n"), Some("b\n")).contains("-a\n+b\n"));
        assert_eq!(unified("x", Some("a\n"), Some("a\n")), "");
    }
}
