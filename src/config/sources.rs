//! The three places a value can be given in, read into one list of entries.

use super::load::{FileText, LoadInput};
use super::options::{ALL, ENV_OTHER, ENV_PREFIX, ENV_TEST_PREFIXES, Home, Opt, find};
use super::problem::{Origin, Problem};
use super::value::{Reason, Value};
use crate::base::schema::nearest;
use toml::de::{DeTable, DeValue};

/// A value somebody gave for an option. Later entries of the list are stronger.
pub(super) struct Entry {
    pub(super) opt: &'static Opt,
    pub(super) origin: Origin,
    pub(super) value: Result<Value, Reason>,
    /// As it was written, for messages.
    pub(super) written: String,
}

/// All entries, weakest first: file, environment, flags.
pub(super) fn read(input: &LoadInput, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(file) = &input.file {
        read_file(file, &mut entries, problems);
    }
    read_env(input, &mut entries, problems);
    for given in &input.overrides {
        let origin = Origin::Flag { name: given.flag.clone() };
        match find(&given.key) {
            Some(opt) => entries.push(from_text(opt, origin, &given.value)),
            None => problems.push(unknown(origin, &given.key)),
        }
    }
    entries
}

fn from_text(opt: &'static Opt, origin: Origin, text: &str) -> Entry {
    Entry { opt, origin, value: opt.kind.read(text), written: text.to_owned() }
}

fn read_env(input: &LoadInput, entries: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    for (name, text) in input.env.iter().filter(|(name, _)| name.starts_with(ENV_PREFIX)) {
        if ENV_OTHER.contains(&name.as_str()) || ENV_TEST_PREFIXES.iter().any(|p| name.starts_with(p)) {
            continue;
        }
        let origin = Origin::Env { name: name.clone() };
        if let Some(opt) = ALL.iter().find(|o| o.env_name() == *name) {
            entries.push(from_text(opt, origin, text));
            continue;
        }
        let known: Vec<String> = ALL.iter().map(Opt::env_name).chain(ENV_OTHER.iter().map(|n| (*n).into())).collect();
        problems.push(match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => Problem::new(origin, name, "option.unknown_env_near").with("suggestion", near),
            None => Problem::new(origin, name, "option.unknown_env"),
        });
    }
}

fn read_file(file: &FileText, entries: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    let origin = |line: u32| Origin::File { path: file.path.display().to_string(), line };
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let mut broken = Vec::new();
    for error in errors {
        let line = line_of(&file.text, error.span().map_or(0, |s| s.start));
        broken.push(line);
        problems.push(Problem::new(origin(line), "", "option.syntax").with("message", error.message()));
    }
    read_table("", table.get_ref(), &mut |key, at, value| {
        let line = line_of(&file.text, at);
        // What the parser made up to go on after an error is no value of anybody.
        if broken.contains(&line) {
            return;
        }
        match find(&key) {
            Some(opt) if opt.home == Home::Store => {
                problems.push(Problem::new(origin(line), &key, "option.home_is_store"));
            }
            Some(opt) => {
                let (shape, written) = shape_of(value);
                let value = shape.ok_or_else(|| opt.kind.wrong_shape()).and_then(|shape| opt.kind.accept(shape));
                entries.push(Entry { opt, origin: origin(line), value, written });
            }
            None => problems.push(unknown(origin(line), &key)),
        }
    });
}

/// Calls `found` with every leaf's dotted key, byte offset and value.
fn read_table(prefix: &str, table: &DeTable<'_>, found: &mut dyn FnMut(String, usize, &DeValue<'_>)) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) => read_table(&key, inner, found),
            leaf => found(key, name.span().start, leaf),
        }
    }
}

/// The value in our terms, where it has a shape that any option takes, and as it reads.
fn shape_of(value: &DeValue<'_>) -> (Option<Value>, String) {
    let shape = match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Boolean(b) => Some(Value::Bool(*b)),
        DeValue::Integer(n) => i64::from_str_radix(&n.as_str().replace('_', ""), n.radix()).ok().map(Value::Integer),
        DeValue::Array(items) => {
            items.iter().map(|i| i.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>().map(Value::List)
        }
        _ => None,
    };
    let written = shape.as_ref().map_or_else(|| value.type_str().to_owned(), Value::to_string);
    (shape, written)
}

fn unknown(origin: Origin, key: &str) -> Problem {
    match nearest(key, ALL.iter().map(|o| o.key)) {
        Some(near) => Problem::new(origin, key, "option.unknown_near").with("suggestion", near),
        None => Problem::new(origin, key, "option.unknown"),
    }
}

/// Line of a byte offset, counted from 1.
fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    u32::try_from(before.iter().filter(|b| **b == b'\n').count()).unwrap_or(u32::MAX).saturating_add(1)
}
