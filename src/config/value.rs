//! Types of options: what a value must be, and how text becomes one.

use crate::base::names::{Domain, Network, is_deceptive};
use crate::base::schema::nearest;
use crate::base::{FieldProblem, error::Params};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

/// Longest path of a Unix socket: `sun_path` holds 108 bytes with its final NUL (unix(7)).
pub const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Most items of a list option.
pub const LIST_ITEMS_MAX: usize = 256;
/// Longest text value.
pub const TEXT_BYTES_MAX: usize = 1024;

/// Type of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, both included.
    Integer {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An absolute path, taken below the root prefix.
    Path,
    /// A path for a Unix socket.
    Socket,
    /// Address of the database.
    Database,
    /// Address below which something is fetched, without a slash at its end: `https://`, or `http://` on loopback.
    /// Empty for none.
    Origin,
    /// IP address and port to listen on.
    Address,
    /// A list of IP addresses and networks.
    Networks {
        /// Whether a network that holds every address is acceptable.
        everyone: bool,
    },
    /// A list of domain names.
    Names,
}

/// A value that fits its option's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Integer(i64),
    /// Anything with one textual form.
    Text(String),
    /// List of texts.
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(b) => write!(f, "{b}"),
            Value::Integer(n) => write!(f, "{n}"),
            Value::Text(t) => f.write_str(t),
            Value::List(items) => f.write_str(&items.join(",")),
        }
    }
}

/// Why a value does not fit: a key below `field_error.` and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Key below `field_error.`.
    pub code: &'static str,
    /// Parameters of the text.
    pub params: Params,
}

impl Reason {
    /// A reason without parameters.
    pub fn new(code: &'static str) -> Self {
        Self { code, params: Params::new() }
    }

    /// Adds a parameter.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// As the problem of a field, for operations that set store-homed options.
    pub fn for_field(self, field: &str) -> FieldProblem {
        FieldProblem { field: field.to_owned(), code: self.code.into(), params: self.params }
    }
}

impl Kind {
    /// Reads the form that environment, flags and the store use; lists are separated by commas.
    pub fn read(self, text: &str) -> Result<Value, Reason> {
        let text = text.trim();
        let value = match self {
            Kind::Bool => Value::Bool(text.parse().map_err(|_| Reason::new("option.not_bool"))?),
            Kind::Integer { .. } => Value::Integer(text.parse().map_err(|_| Reason::new("option.not_integer"))?),
            Kind::Networks { .. } | Kind::Names => {
                Value::List(text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect())
            }
            _ => Value::Text(text.to_owned()),
        };
        self.accept(value)
    }

    /// The reason to give for a value that no option takes, such as a date.
    pub fn wrong_shape(self) -> Reason {
        Reason::new(match self {
            Kind::Bool => "option.not_bool",
            Kind::Integer { .. } => "option.not_integer",
            Kind::Networks { .. } | Kind::Names => "option.not_list",
            _ => "option.not_text",
        })
    }

    /// Checks a value of the right shape and brings it into its one form.
    pub fn accept(self, value: Value) -> Result<Value, Reason> {
        match (self, value) {
            (Kind::Bool, Value::Bool(b)) => Ok(Value::Bool(b)),
            (Kind::Integer { min, max }, Value::Integer(n)) if (min..=max).contains(&n) => Ok(Value::Integer(n)),
            (Kind::Integer { min, max }, Value::Integer(_)) => {
                Err(Reason::new("option.out_of_range").with("min", min).with("max", max))
            }
            (Kind::Networks { everyone }, Value::List(items)) => list(items, |item| network(item, everyone)),
            (Kind::Names, Value::List(items)) => list(items, name),
            (_, Value::Text(text)) if text.len() > TEXT_BYTES_MAX => {
                Err(Reason::new("option.too_long").with("max", TEXT_BYTES_MAX))
            }
            (kind, Value::Text(text)) => kind.accept_text(text).map(Value::Text),
            (kind, _) => Err(kind.wrong_shape()),
        }
    }

    fn accept_text(self, text: String) -> Result<String, Reason> {
        match self {
            Kind::Choice(words) if words.contains(&text.as_str()) => Ok(text),
            Kind::Choice(words) => {
                let reason = match nearest(&text, words.iter().copied()) {
                    Some(near) => Reason::new("option.not_choice_near").with("suggestion", near),
                    None => Reason::new("option.not_choice"),
                };
                Err(reason.with("choices", words.join(", ")))
            }
            Kind::Path | Kind::Socket if is_path(&text) => Ok(text),
            Kind::Path | Kind::Socket => Err(Reason::new("option.not_path")),
            Kind::Database => database(text),
            Kind::Origin => origin(text),
            Kind::Address => {
                let address: SocketAddr = text.parse().map_err(|_| Reason::new("option.not_address"))?;
                Ok(address.to_string())
            }
            Kind::Bool | Kind::Integer { .. } | Kind::Networks { .. } | Kind::Names => Err(self.wrong_shape()),
        }
    }
}

/// Whether `text` is an absolute path without `.`, `..`, empty parts, and characters that hide or reorder text.
pub fn is_path(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|part| !matches!(part, "" | "." | "..")) && !rest.chars().any(is_deceptive)
    })
}

fn database(url: String) -> Result<String, Reason> {
    match url.split_once("://") {
        Some(("sqlite", path)) if is_path(path) => Ok(url),
        Some(("sqlite", _)) => Err(Reason::new("option.not_sqlite_path")),
        Some(("postgres" | "postgresql", _)) => {
            Err(Reason::new("option.database_not_yet").with("engine", "PostgreSQL"))
        }
        Some(("mysql" | "mariadb", _)) => Err(Reason::new("option.database_not_yet").with("engine", "MySQL")),
        _ => Err(Reason::new("option.not_database")),
    }
}

fn origin(text: String) -> Result<String, Reason> {
    let text = text.trim_end_matches('/').to_owned();
    let bad = || Reason::new("option.not_origin");
    let (scheme, rest) = match text.split_once("://") {
        None if text.is_empty() => return Ok(text),
        None => return Err(bad()),
        Some(parts) => parts,
    };
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let local = matches!(name, "localhost" | "[::1]") || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%+".contains(c);
    let allowed = scheme == "https" || (scheme == "http" && local);
    if allowed && !name.is_empty() && rest.chars().all(plain) { Ok(text) } else { Err(bad()) }
}

fn list(items: Vec<String>, check: impl Fn(&str) -> Result<String, Reason>) -> Result<Value, Reason> {
    if items.len() > LIST_ITEMS_MAX {
        return Err(Reason::new("option.too_many_items").with("max", LIST_ITEMS_MAX));
    }
    items.iter().map(|item| check(item)).collect::<Result<_, _>>().map(Value::List)
}

fn network(item: &str, everyone: bool) -> Result<String, Reason> {
    let network: Network = item.parse().map_err(|_| Reason::new("option.not_network").with("item", item))?;
    let text = network.to_string();
    if !everyone && text.ends_with("/0") {
        return Err(Reason::new("option.everyone_trusted").with("item", item));
    }
    Ok(text)
}

fn name(item: &str) -> Result<String, Reason> {
    // A machine is often reached by a bare name in its own network; `Domain` wants two labels.
    let bare = !item.is_empty() && item.len() <= 63 && item.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if bare && !item.starts_with('-') && !item.ends_with('-') && !item.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(item.to_ascii_lowercase());
    }
    let domain: Domain = item.parse().map_err(|_| Reason::new("option.not_name").with("item", item))?;
    Ok(domain.ascii().to_owned())
}
