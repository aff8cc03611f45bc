//! Checks a JSON value against the JSON Schema of an input type and reports *every* problem, with its field.
//!
//! serde stops at the first error; people want all of them. The schemas are the ones `schemars` derives from our own
//! types (draft 2020-12), so the checker covers just the keywords those use.

use super::error::FieldProblem;
use super::names;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Makes a schema with the given generator: the form in which operations carry theirs.
pub type SchemaFn = fn(&mut SchemaGenerator) -> Schema;

/// A generator that writes everything in place, for checking values.
pub fn inline() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true).into_generator()
}

/// A generator that names types and refers to them below `#/components/schemas`, for OpenAPI.
pub fn named() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into()).into_generator()
}

/// The JSON Schema of `T` with all subschemas inline.
pub fn of<T: schemars::JsonSchema>() -> Value {
    T::json_schema(&mut inline()).to_value()
}

/// Every problem of `value` as an instance of `schema`.
pub fn problems(schema: &Value, value: &Value) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    check(schema, value, "", &mut found);
    found
}

fn check(schema: &Value, value: &Value, path: &str, found: &mut Vec<FieldProblem>) {
    let Some(schema) = schema.as_object() else {
        return;
    };
    if let Some(options) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
        return check_any(options, value, path, found);
    }
    if let Some(only) = schema.get("const") {
        if only != value {
            found.push(not_one_of(path, std::slice::from_ref(only)));
        }
        return;
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        if !options.contains(value) {
            found.push(not_one_of(path, options));
        }
        return;
    }
    if !type_matches(schema, value) {
        found.push(FieldProblem::new(path, wrong_type(schema)));
        return;
    }
    match value {
        Value::Object(fields) => check_object(schema, fields, path, found),
        Value::Array(items) => check_array(schema, items, path, found),
        Value::String(text) => check_string(schema, text, path, found),
        Value::Number(_) => check_number(schema, value, path, found),
        Value::Null | Value::Bool(_) => {}
    }
}

/// An optional field (`anyOf` with null) reports the problems of its real option; a choice of constants is an enum.
fn check_any(options: &[Value], value: &Value, path: &str, found: &mut Vec<FieldProblem>) {
    let mut best: Option<Vec<FieldProblem>> = None;
    for option in options {
        let problems = problems_at(option, value, path);
        if problems.is_empty() {
            return;
        }
        if option.get("type") != Some(&Value::from("null")) {
            best = Some(match best {
                Some(earlier) if earlier.len() <= problems.len() => earlier,
                _ => problems,
            });
        }
    }
    let constants: Vec<Value> = options.iter().filter_map(|o| o.get("const").cloned()).collect();
    if constants.len() == options.len() {
        found.push(not_one_of(path, &constants));
    } else {
        found.extend(best.unwrap_or_default());
    }
}

fn problems_at(schema: &Value, value: &Value, path: &str) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    check(schema, value, path, &mut found);
    found
}

fn type_names(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    }
}

fn type_matches(schema: &Map<String, Value>, value: &Value) -> bool {
    let names = type_names(schema);
    names.is_empty()
        || names.iter().any(|name| match *name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            _ => false,
        })
}

fn wrong_type(schema: &Map<String, Value>) -> &'static str {
    match type_names(schema).into_iter().find(|n| *n != "null") {
        Some("object") => "not_object",
        Some("array") => "not_array",
        Some("integer" | "number") => "not_number",
        Some("boolean") => "not_boolean",
        _ => "not_string",
    }
}

fn not_one_of(path: &str, options: &[Value]) -> FieldProblem {
    let names: Vec<_> = options
        .iter()
        .filter(|o| !o.is_null())
        .map(|o| o.as_str().map_or_else(|| o.to_string(), str::to_owned))
        .collect();
    FieldProblem::new(path, "not_one_of").with("options", names.join(", "))
}

fn below(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

fn check_object(schema: &Map<String, Value>, fields: &Map<String, Value>, path: &str, found: &mut Vec<FieldProblem>) {
    let empty = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (name, value) in fields {
        match (known.get(name), schema.get("additionalProperties")) {
            (Some(inner), _) => check(inner, value, &below(path, name), found),
            (None, Some(Value::Bool(false))) => found.push(unknown(known, &below(path, name), name)),
            (None, Some(inner)) => check(inner, value, &below(path, name), found),
            (None, None) => {}
        }
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            found.push(FieldProblem::new(below(path, name), "required"));
        }
    }
}

/// An unknown field, with the known one it most resembles.
fn unknown(known: &Map<String, Value>, path: &str, name: &str) -> FieldProblem {
    match nearest(name, known.keys().map(String::as_str)) {
        Some(near) => FieldProblem::new(path, "unknown_did_you_mean").with("suggestion", near),
        None => FieldProblem::new(path, "unknown"),
    }
}

/// The candidate that looks most like `name`, when one looks alike enough to be a slip of the keyboard.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|c| (strsim::normalized_damerau_levenshtein(name, c), c))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

fn check_array(schema: &Map<String, Value>, items: &[Value], path: &str, found: &mut Vec<FieldProblem>) {
    if let Some(max) = schema.get("maxItems").and_then(Value::as_u64)
        && items.len() as u64 > max
    {
        found.push(FieldProblem::new(path, "too_many_items").with("max", max));
        return;
    }
    if let Some(inner) = schema.get("items") {
        for (i, item) in items.iter().enumerate() {
            check(inner, item, &format!("{path}[{i}]"), found);
        }
    }
}

fn check_string(schema: &Map<String, Value>, text: &str, path: &str, found: &mut Vec<FieldProblem>) {
    if let Some(max) = schema.get("maxLength").and_then(Value::as_u64)
        && text.len() as u64 > max
    {
        found.push(FieldProblem::new(path, "too_long").with("max", max));
    } else if let Some(problem) =
        schema.get("format").and_then(Value::as_str).and_then(|f| names::check_format(f, text))
    {
        found.push(FieldProblem { field: path.to_owned(), code: problem.code.into(), params: problem.params });
    }
}

fn check_number(schema: &Map<String, Value>, value: &Value, path: &str, found: &mut Vec<FieldProblem>) {
    let Some(number) = value.as_f64() else { return };
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let (min, max) = (bound("minimum"), bound("maximum"));
    if min.is_some_and(|m| number < m) || max.is_some_and(|m| number > m) {
        let shown = |b: Option<f64>| b.map_or_else(|| "…".to_owned(), |v| v.to_string());
        found.push(FieldProblem::new(path, "out_of_range").with("min", shown(min)).with("max", shown(max)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::names::{Domain, Upstream};
    use serde_json::json;

    #[derive(schemars::JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Sample {
        domain: Domain,
        #[schemars(length(max = 2))]
        aliases: Option<Vec<Domain>>,
        upstream: Option<Upstream>,
        #[schemars(range(min = 1, max = 3600))]
        timeout_s: Option<u32>,
    }

    fn codes(value: Value) -> Vec<String> {
        problems(&of::<Sample>(), &value).into_iter().map(|p| format!("{}:{}", p.field, p.code)).collect()
    }

    #[test]
    fn all_problems_are_found_at_once() {
        let bad = json!({ "domian": "x", "aliases": ["ok.test", "bad alias"], "upstream": 3, "timeout_s": 0 });
        let mut found = codes(bad);
        found.sort();
        assert_eq!(
            found,
            [
                "aliases[1]:domain_characters",
                "domain:required",
                "domian:unknown_did_you_mean",
                "timeout_s:out_of_range",
                "upstream:not_string"
            ]
        );
    }

    #[test]
    fn good_input_has_no_problem() {
        assert!(
            codes(json!({ "domain": "a.test", "aliases": null, "upstream": "http://127.0.0.1:80", "timeout_s": 5 }))
                .is_empty()
        );
    }

    #[test]
    fn lists_are_bounded_and_values_typed() {
        assert_eq!(codes(json!({ "domain": "a.test", "aliases": ["a.b", "c.d", "e.f"] })), ["aliases:too_many_items"]);
        assert_eq!(codes(json!([])), [":not_object"]);
        assert_eq!(codes(json!({ "domain": "a.test", "timeout_s": 1.5 })), ["timeout_s:not_number"]);
    }
}
