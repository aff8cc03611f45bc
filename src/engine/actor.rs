//! Who calls, and from where.

use crate::base::access::{Permission, Role};
use crate::base::locale::Lang;
use crate::platform::panel_tls::PairId;
use std::net::{IpAddr, SocketAddr};

/// Who carries out an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is signed in.
    Nobody,
    /// Somebody with shell access as root or as the service's owner.
    Console,
    /// A signed-in user.
    User {
        /// User id.
        id: String,
        /// User name.
        name: String,
        /// Role.
        role: Role,
        /// The session that was used; empty for an account of this machine on the Unix socket.
        session: String,
    },
    /// An API token.
    Token {
        /// Token id.
        id: String,
        /// Token name.
        name: String,
        /// Role: the ceiling.
        role: Role,
        /// When not empty, only these of the role's permissions.
        scopes: Vec<Permission>,
        /// The user it belongs to, if any.
        user: Option<String>,
    },
}

impl Actor {
    /// Whether the actor has `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Actor::Nobody => false,
            Actor::Console => true,
            Actor::User { role, .. } => role.allows(permission),
            Actor::Token { role, scopes, .. } => {
                role.allows(permission) && (scopes.is_empty() || scopes.contains(&permission))
            }
        }
    }

    /// The role, when there is one.
    pub fn role(&self) -> Option<Role> {
        match self {
            Actor::Nobody => None,
            Actor::Console => Some(Role::Admin),
            Actor::User { role, .. } | Actor::Token { role, .. } => Some(*role),
        }
    }

    /// How the audit trail names the actor.
    pub fn shown(&self) -> String {
        match self {
            Actor::Nobody => "nobody".into(),
            Actor::Console => "root@console".into(),
            Actor::User { name, .. } => name.clone(),
            Actor::Token { name, .. } => format!("token:{name}"),
        }
    }

    /// What tells this caller from every other one; names of tokens need not differ.
    pub fn key(&self) -> String {
        match self {
            Actor::Nobody | Actor::Console => self.kind().into(),
            Actor::User { id, .. } | Actor::Token { id, .. } => format!("{}:{id}", self.kind()),
        }
    }

    /// Whose the call counts as where a number of something is limited: a user's tokens are the user.
    pub fn owner(&self) -> String {
        match self {
            Actor::User { id, .. } | Actor::Token { user: Some(id), .. } => format!("user:{id}"),
            other => other.key(),
        }
    }

    /// `nobody`, `console`, `user` or `token`, for the audit trail.
    pub fn kind(&self) -> &'static str {
        match self {
            Actor::Nobody => "nobody",
            Actor::Console => "console",
            Actor::User { .. } => "user",
            Actor::Token { .. } => "token",
        }
    }
}

/// What a surface knows about one request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Id that appears in every log line, problem and audit entry of this request.
    pub id: String,
    /// The client's address, proxies already taken into account; `None` for the local socket.
    pub address: Option<IpAddr>,
    /// `User-Agent`, cut to 200 bytes.
    pub agent: String,
    /// Language of texts in the answer.
    pub lang: Lang,
    /// Plan only: show what would change.
    pub dry_run: bool,
    /// The client asked for a job instead of waiting (`Prefer: respond-async`, RFC 7240).
    pub respond_async: bool,
    /// `If-Match`: the revision the caller has seen.
    pub if_match: Option<i64>,
    /// Where the request came in; `None` for the local socket.
    pub door: Option<Door>,
}

/// The listener a request came in by, and the name it was asked for under.
#[derive(Debug, Clone)]
pub struct Door {
    /// Address the listener was opened for.
    pub listen: SocketAddr,
    /// Whether the connection to us is TLS.
    pub tls: bool,
    /// The certificate that this connection was shown; `None` without TLS.
    pub certificate: Option<PairId>,
    /// `Host`, with its port.
    pub host: String,
}

impl Request {
    /// The client's address as the audit trail shows it; empty for the local socket.
    pub fn shown_address(&self) -> String {
        self.address.map(|a| a.to_string()).unwrap_or_default()
    }

    /// A request of the local console.
    pub fn console(id: String, lang: Lang) -> Self {
        Self {
            id,
            address: None,
            agent: String::new(),
            lang,
            dry_run: false,
            respond_async: false,
            if_match: None,
            door: None,
        }
    }
}
