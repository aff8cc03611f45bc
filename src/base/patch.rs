//! A field of a merge patch (RFC 7396): left alone, taken away, or set.

use serde::{Deserialize, Deserializer};

/// What a patch says of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The field is absent: leave it.
    #[default]
    Keep,
    /// The field is `null`: back to the default.
    Clear,
    /// The field has a value.
    Set(T),
}

impl<T> Patch<T> {
    /// The new value of a field whose value is `now` and whose default is `default`.
    pub fn apply(self, now: T, default: T) -> T {
        match self {
            Patch::Keep => now,
            Patch::Clear => default,
            Patch::Set(value) => value,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(d)?.map_or(Patch::Clear, Patch::Set))
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Patch<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = Option::<T>::json_schema(generator);
        // `null` is a value here, as opposed to an optional field: the command line offers to take the field back.
        schema.insert("x-clear".into(), true.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample {
        #[serde(default)]
        field: Patch<u32>,
    }

    fn patch(text: &str) -> Patch<u32> {
        serde_json::from_str::<Sample>(text).unwrap().field
    }

    #[test]
    fn absent_null_and_value_differ() {
        assert_eq!(patch("{}").apply(5, 1), 5);
        assert_eq!(patch(r#"{"field": null}"#).apply(5, 1), 1);
        assert_eq!(patch(r#"{"field": 7}"#).apply(5, 1), 7);
    }
}
