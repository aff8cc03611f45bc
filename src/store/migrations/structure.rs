//! What can be said about migrations by reading them.

use super::{CHECKSUMS, Migration};
use serde::Serialize;

/// Words outside the SQL that SQLite, PostgreSQL and MySQL share.
const NOT_PORTABLE: &[&str] =
    &["AUTOINCREMENT", "RETURNING", "ON CONFLICT", "ON DUPLICATE", "INSERT OR", "REPLACE INTO", "STRICT", "PRAGMA"];
/// Beginnings of statements that lose data.
const DESTRUCTIVE: &[&str] = &["DROP TABLE", "DELETE FROM", "TRUNCATE"];
/// Beginnings of statements that may run again after a crash between them and the journal.
const RE_RUNNABLE: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS ",
    "CREATE INDEX IF NOT EXISTS ",
    "CREATE UNIQUE INDEX IF NOT EXISTS ",
    "DROP TABLE IF EXISTS ",
    "DROP INDEX IF EXISTS ",
    "ALTER TABLE ",
    "UPDATE ",
    "DELETE FROM ",
    "INSERT INTO ",
];

/// Something about a migration that somebody should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `NNNN_name`.
    pub migration: String,
    /// Key below `migration.` in the catalogue.
    pub code: &'static str,
    /// The statement or name it is about.
    pub about: String,
    /// Whether the migration must not be released like this; otherwise it is a warning.
    pub fatal: bool,
}

/// Everything that is wrong with, or worth knowing about, a list of migrations.
pub fn findings(list: &[Migration]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (position, migration) in list.iter().enumerate() {
        let mut add = |code, about: &str, fatal| {
            found.push(Finding { migration: migration.full_name(), code, about: about.to_owned(), fatal });
        };
        if migration.number as usize != position + 1 {
            add("order", &format!("{} at {}", migration.number, position + 1), true);
        }
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
        if migration.name.is_empty() || !migration.name.bytes().all(plain) {
            add("name", migration.name, true);
        }
        if migration.up.is_empty() {
            add("empty", "up", true);
        }
        if migration.down.is_empty() {
            add("empty", "down", true);
        }
        for statement in migration.up {
            statement_findings(statement, &mut add);
            if destructive(statement) {
                add("destructive", first_line(statement), false);
            }
        }
        for statement in migration.down {
            statement_findings(statement, &mut add);
        }
    }
    found
}

/// Where the committed checksums and the migrations differ: what a test and the release check refuse.
pub(super) fn frozen_findings(list: &[Migration]) -> Vec<Finding> {
    let mut found = Vec::new();
    for migration in list {
        let now = migration.checksum();
        let code = match migration.released_checksum() {
            None => "no_checksum",
            Some(frozen) if frozen != now => "changed",
            Some(_) => continue,
        };
        found.push(Finding { migration: migration.full_name(), code, about: now, fatal: true });
    }
    let names: Vec<String> = list.iter().map(Migration::full_name).collect();
    for name in CHECKSUMS.lines().filter_map(|l| l.split_once(' ')).map(|(name, _)| name) {
        if !names.iter().any(|n| n == name) {
            found.push(Finding { migration: name.to_owned(), code: "missing", about: name.to_owned(), fatal: true });
        }
    }
    found
}

fn statement_findings(statement: &str, add: &mut impl FnMut(&'static str, &str, bool)) {
    let upper = statement.to_ascii_uppercase();
    let about = first_line(statement);
    if statement.contains(';') {
        add("several_statements", about, true);
    }
    if !RE_RUNNABLE.iter().any(|start| upper.starts_with(start)) {
        add("not_re_runnable", about, true);
    }
    let partial_index = upper.starts_with("CREATE") && upper.contains(" INDEX ") && upper.contains(" WHERE ");
    if partial_index || NOT_PORTABLE.iter().any(|word| upper.contains(word)) {
        add("not_portable", about, true);
    }
}

fn destructive(statement: &str) -> bool {
    let upper = statement.to_ascii_uppercase();
    let drops_column = upper.starts_with("ALTER TABLE") && upper.contains(" DROP ");
    let blind_update = upper.starts_with("UPDATE") && !upper.contains("WHERE");
    drops_column || blind_update || DESTRUCTIVE.iter().any(|start| upper.starts_with(start))
}

fn first_line(statement: &str) -> &str {
    statement.lines().next().unwrap_or_default().trim()
}
