//! Values and rows as every database knows them.

use crate::base::clock::Time;
use crate::base::{Error, Result};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// One value of a column or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// Integers, booleans (0 or 1) and times (milliseconds UTC).
    Int(i64),
    /// Floating point.
    Real(f64),
    /// Text, also JSON.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Int(_) => "integer",
            Value::Real(_) => "real",
            Value::Text(_) => "text",
            Value::Blob(_) => "blob",
        }
    }
}

macro_rules! into_value {
    ($($type:ty, $var:ident => $made:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($var: $type) -> Self {
                $made
            }
        })*
    };
}

into_value! {
    i64, v => Value::Int(v);
    i32, v => Value::Int(v.into());
    u32, v => Value::Int(v.into());
    bool, v => Value::Int(v.into());
    f64, v => Value::Real(v);
    Time, v => Value::Int(v.0);
    String, v => Value::Text(v);
    &String, v => Value::Text(v.clone());
    &Option<String>, v => v.as_ref().map_or(Value::Null, Value::from);
    &str, v => Value::Text(v.to_owned());
    Vec<u8>, v => Value::Blob(v);
    &[u8], v => Value::Blob(v.to_vec());
    &serde_json::Value, v => Value::Text(v.to_string());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A Rust type that a column can be read as.
pub trait FromValue: Sized {
    /// The value, or `None` when the column holds another type.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Int(v) = value { Some(*v) } else { None }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).and_then(|v| v.try_into().ok())
    }
}

impl FromValue for u64 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).and_then(|v| v.try_into().ok())
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(|v| v != 0)
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Real(v) => Some(*v),
            Value::Int(v) => Some(*v as f64),
            _ => None,
        }
    }
}

impl FromValue for Time {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(Time)
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(v) = value { Some(v.clone()) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Blob(v) = value { Some(v.clone()) } else { None }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// One row of an answer.
#[derive(Debug, Clone)]
pub struct Row {
    names: Arc<[String]>,
    values: Vec<Value>,
}

/// How a column is named: by its name in the answer or by its position from 0.
pub trait Column: std::fmt::Display + Copy {
    /// The position among `names`.
    fn position(self, names: &[String]) -> Option<usize>;
}

impl Column for &str {
    fn position(self, names: &[String]) -> Option<usize> {
        names.iter().position(|n| n == self)
    }
}

impl Column for usize {
    fn position(self, names: &[String]) -> Option<usize> {
        (self < names.len()).then_some(self)
    }
}

impl Row {
    pub(super) fn new(names: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { names, values }
    }

    /// The raw value of `column`; our fault when there is no such column.
    pub fn value(&self, column: impl Column) -> Result<&Value> {
        let at = column.position(&self.names);
        at.and_then(|i| self.values.get(i)).ok_or_else(|| Error::fault(format!("the answer has no column {column}")))
    }

    /// `column` as a `T`; our fault when it holds another type.
    pub fn get<T: FromValue>(&self, column: impl Column) -> Result<T> {
        let value = self.value(column)?;
        T::from_value(value).ok_or_else(|| Error::fault(format!("column {column} holds {}", value.type_name())))
    }

    /// The JSON text of `column` read as a `T`.
    pub fn json<T: DeserializeOwned>(&self, column: impl Column) -> Result<T> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|e| Error::fault(format!("column {column} holds other JSON: {e}")))
    }

    /// The JSON text of `column` read as a `T`, `None` for NULL.
    pub fn json_opt<T: DeserializeOwned>(&self, column: impl Column) -> Result<Option<T>> {
        if *self.value(column)? == Value::Null { Ok(None) } else { self.json(column).map(Some) }
    }

    /// Names of the columns in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
