//! Input and answer schemas of operations, made once.

use super::meta::Op;
use super::registry::ALL;
use crate::base::schema;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::OnceLock;

/// The input schema of `op`.
pub fn input(op: &Op) -> &'static Value {
    static INPUTS: OnceLock<HashMap<&'static str, Value>> = OnceLock::new();
    let inputs = INPUTS
        .get_or_init(|| ALL.iter().map(|op| (op.meta.id, (op.input)(&mut schema::inline()).to_value())).collect());
    // Every operation is in the registry; a test walks it.
    inputs.get(op.meta.id).unwrap_or(&Value::Null)
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
