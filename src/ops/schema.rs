//! Input and answer schemas of operations, made once.

use super::meta::Op;
use super::registry::ALL;
use crate::base::schema;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// The input schema of `op`, made when it is first asked for: a call from the command line needs one of them.
pub fn input(op: &Op) -> &'static Value {
    static INPUTS: LazyLock<HashMap<&'static str, OnceLock<Value>>> =
        LazyLock::new(|| ALL.iter().map(|op| (op.meta.id, OnceLock::new())).collect());
    // Every operation is in the registry; a test walks it.
    INPUTS
        .get(op.meta.id)
        .map_or(&Value::Null, |made| made.get_or_init(|| (op.input)(&mut schema::inline()).to_value()))
}

/// The JSON type of a field's schema, looking through "or null".
pub fn field_type(field: &Value) -> &str {
    match field.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|n| *n != "null").unwrap_or("string"),
        _ => {
            let options = field.get("anyOf").and_then(Value::as_array);
            let real = options.into_iter().flatten().map(field_type).find(|t| *t != "null");
            real.unwrap_or("string")
        }
    }
}

/// The schema of a field itself, without "or null".
pub fn field_schema(field: &Value) -> &Value {
    let options = field.get("anyOf").and_then(Value::as_array);
    let real = options.into_iter().flatten().find(|o| o.get("type") != Some(&Value::from("null")));
    real.unwrap_or(field)
}
