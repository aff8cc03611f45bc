//! The tree of directives, its serialised form and short constructors for those who build one.

use serde::{Deserialize, Serialize};

/// One directive, one entry of a `map`-like block, or one comment.
///
/// Serialised as `{ "name": "add_header", "args": ["X-A", "b"], "block": [..] }`; `block` is absent for a directive
/// that ends in `;`, `args` may be left out when reading, and unknown fields are refused.
///
/// Two shapes are special:
/// * A comment is a directive whose name begins with `#`, without arguments and without block; the name is the
///   comment as written, `#` included. (nginx itself gives no meaning to a lone quoted word of that kind.)
/// * A directive whose name ends in `_by_lua_block` holds the raw text between its braces as its last argument,
///   unless it is an entry of a `map`-like block (see [`holds_entries`](super::holds_entries)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directive {
    /// The first word, unquoted: `server`, or the key of an entry in a `map`.
    pub name: String,
    /// The other words as nginx understands them: unquoted and unescaped, variables left as text.
    #[serde(default)]
    pub args: Vec<String>,
    /// The directives in braces; `None` when the directive ends in `;`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Vec<Directive>>,
    /// Where the parser found it. No part of equality; of the serialised form only what the printer goes by.
    #[serde(rename = "layout", default, skip_serializing_if = "Origin::is_plain", with = "layout")]
    pub origin: Origin,
}

/// Where and how a directive stood in its file; all zero and false for one that was never in a file.
///
/// Two origins are always equal: layout is not meaning.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin {
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// Column in characters, from 1; 0 when unknown.
    pub column: u32,
    /// An empty line stood before it; the printer keeps one.
    pub gap: bool,
    /// A comment behind another directive or `{` on the same line; the printer keeps it there.
    pub trailing: bool,
}

impl Origin {
    fn is_plain(&self) -> bool {
        !self.gap && !self.trailing
    }
}

mod layout {
    use super::Origin;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Layout {
        Gap,
        Trailing,
    }

    pub(super) fn serialize<S: Serializer>(origin: &Origin, to: S) -> Result<S::Ok, S::Error> {
        if origin.trailing { Layout::Trailing } else { Layout::Gap }.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Origin, D::Error> {
        Ok(match Layout::deserialize(from)? {
            Layout::Gap => Origin { gap: true, ..Origin::default() },
            Layout::Trailing => Origin { trailing: true, ..Origin::default() },
        })
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl Directive {
    /// Whether this is a comment.
    pub fn is_comment(&self) -> bool {
        self.name.starts_with('#') && self.args.is_empty() && self.block.is_none()
    }

    /// Sets it off from what stands before it by an empty line.
    #[must_use]
    pub fn with_gap(mut self) -> Self {
        self.origin.gap = true;
        self
    }
}

/// A directive that ends in `;`: `dir("listen", &["80"])`.
pub fn dir(name: &str, args: &[&str]) -> Directive {
    Directive {
        name: name.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        block: None,
        origin: Origin::default(),
    }
}

/// A directive with a block: `block("location", &["/"], vec![dir("return", &["204"])])`.
pub fn block(name: &str, args: &[&str], children: Vec<Directive>) -> Directive {
    Directive { block: Some(children), ..dir(name, args) }
}

/// A comment of one line; `text` comes without `#`. A text with line feeds is refused by the printer.
pub fn comment(text: &str) -> Directive {
    let text = text.trim();
    let name = if text.is_empty() { "#".to_owned() } else { format!("# {text}") };
    Directive { name, args: Vec::new(), block: None, origin: Origin::default() }
}
