//! Visits directives together with the blocks they stand in.

use super::tree::Directive;

/// Calls `visit` for every directive, parents first, with the names of the blocks around it, outermost first:
/// `["http", "server"]` for a `location` of a server. Comments are passed over.
///
/// Entries of `map`-like blocks are visited too, because an `include` among them is a real one; whether the last
/// block of the path is such a block tells [`holds_entries`].
///
/// # Errors
/// The first error of `visit`, which ends the walk.
pub fn walk<E>(directives: &[Directive], mut visit: impl FnMut(&[&str], &Directive) -> Result<(), E>) -> Result<(), E> {
    walk_in(directives, &mut Vec::new(), &mut visit)
}

fn walk_in<'a, E>(
    directives: &'a [Directive],
    path: &mut Vec<&'a str>,
    visit: &mut impl FnMut(&[&str], &Directive) -> Result<(), E>,
) -> Result<(), E> {
    for directive in directives.iter().filter(|directive| !directive.is_comment()) {
        visit(path, directive)?;
        if let Some(block) = &directive.block {
            path.push(&directive.name);
            walk_in(block, path, visit)?;
            path.pop();
        }
    }
    Ok(())
}

/// Whether a block of this name holds entries of its own kind instead of directives: there the first word is a key.
pub fn holds_entries(block: &str) -> bool {
    matches!(block, "map" | "geo" | "types" | "split_clients" | "charset_map")
}
