//! API tokens: a random secret of 256 bits that is shown once, its hash in the store, a role as ceiling that is never
//! above its maker's, and optionally a list of permissions, an end, or both.

use super::users::parse_role;
use crate::base::access::{Permission, Role};
use crate::base::clock::Time;
use crate::base::limits::{TOKENS_PER_USER_MAX, TOUCH_S};
use crate::base::names::{Label, ObjectId};
use crate::base::{Error, FieldProblem, Kind, Result, Secret, ids};
use crate::engine::{Actor, Core, Request};
use crate::store::keys::sha256_hex;
use crate::store::tokens::{self as rows, Token};
use crate::store::{Tx, users};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What every token begins with, so that scanners for leaked secrets recognise it.
const PREFIX: &str = "mnr_";

/// A new token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenCreate {
    /// What people call it.
    pub name: Label,
    /// The most it can do; at most the maker's own role.
    pub role: Role,
    /// What it is limited to within its role; without it, all of the role.
    #[schemars(length(max = 32))]
    pub scopes: Option<Vec<Permission>>,
    /// When it stops working; without it, never.
    pub expires_at: Option<Time>,
}

/// A token as shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TokenRow {
    /// Token id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose it is; `null` for one made on the console.
    pub user: Option<String>,
    /// The most it can do.
    pub role: Role,
    /// What it is limited to within its role; empty for no further limit.
    pub scopes: Vec<String>,
    /// When it stops working.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
    /// From where.
    pub last_used_address: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// By whom.
    pub created_by: String,
}

/// A new token with its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TokenMade {
    /// The token to send as `Authorization: Bearer`; shown this once.
    pub token: String,
    /// The rest.
    #[serde(flatten)]
    pub row: TokenRow,
}

fn row(token: &Token, names: &HashMap<String, String>) -> Result<TokenRow> {
    Ok(TokenRow {
        id: token.id.clone(),
        name: token.name.clone(),
        user: token.user_id.as_ref().and_then(|id| names.get(id).cloned()),
        role: parse_role(&token.role)?,
        scopes: token.scopes.clone(),
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        last_used_address: token.last_used_address.clone(),
        created_at: token.created_at,
        created_by: token.created_by.clone(),
    })
}

fn names(tx: &Tx) -> Result<HashMap<String, String>> {
    Ok(users::list(tx)?.into_iter().map(|u| (u.id, u.name)).collect())
}

/// The user a new token belongs to, and whose tokens the actor may see.
fn owner(actor: &Actor) -> Option<&str> {
    match actor {
        Actor::User { id, .. } => Some(id),
        Actor::Token { user, .. } => user.as_deref(),
        Actor::Console | Actor::Nobody => None,
    }
}

/// Whether the actor may see and revoke `token`. One that was made on the console belongs to nobody; it may see itself.
fn may_see(actor: &Actor, token: &Token) -> bool {
    let own = owner(actor).is_some_and(|own| token.user_id.as_deref() == Some(own));
    let itself = matches!(actor, Actor::Token { id, .. } if *id == token.id);
    actor.may(Permission::AccountsManage) || own || itself
}

/// The tokens that the actor may see, newest first.
pub fn list_tokens(core: &Core, actor: &Actor) -> Result<Vec<TokenRow>> {
    core.store.read(|tx| {
        let names = names(tx)?;
        rows::list(tx)?.iter().filter(|t| may_see(actor, t)).map(|t| row(t, &names)).collect()
    })
}

/// Makes a token. Nothing it can do goes beyond its maker: neither role, nor scopes, nor the maker's own end. Errors: bad
/// input; `too_many_tokens`.
pub fn create_token(core: &Core, tx: &Tx, actor: &Actor, input: &TokenCreate) -> Result<TokenMade> {
    let now = core.now();
    let scopes = scopes(actor, input)?;
    let expires_at = end(tx, actor, input.expires_at, now)?;
    let owner = owner(actor).map(str::to_owned);
    let count = rows::list(tx)?.iter().filter(|t| t.user_id == owner).count();
    if count >= TOKENS_PER_USER_MAX {
        return Err(Error::new(Kind::Conflict, "too_many_tokens").with("max", TOKENS_PER_USER_MAX));
    }
    let secret = Secret::new(ids::new_token(PREFIX)?);
    let token = Token {
        id: ids::new_id("t")?,
        name: input.name.to_string(),
        user_id: owner,
        role: input.role.name().to_owned(),
        scopes: scopes.into_iter().map(|p| p.name().to_owned()).collect(),
        expires_at,
        last_used_at: None,
        last_used_address: None,
        created_at: now,
        created_by: actor.shown().chars().take(64).collect(),
    };
    rows::insert(tx, &token, &secret)?;
    Ok(TokenMade { token: secret.expose().clone(), row: row(&token, &names(tx)?)? })
}

/// The scopes of a new token within those of its maker.
fn scopes(actor: &Actor, input: &TokenCreate) -> Result<Vec<Permission>> {
    let own = actor.role().unwrap_or(Role::Viewer);
    let mut problems = Vec::new();
    if input.role > own {
        problems.push(FieldProblem::new("role", "role_above_own").with("role", own.name()));
    }
    for (i, scope) in input.scopes.iter().flatten().enumerate() {
        let problem = |code| FieldProblem::new(format!("scopes[{i}]"), code).with("scope", scope.name());
        if !input.role.allows(*scope) {
            problems.push(problem("scope_outside_role").with("role", input.role.name()));
        } else if !actor.may(*scope) {
            problems.push(problem("scope_above_own"));
        }
    }
    let asked = input.scopes.clone().unwrap_or_default();
    let limits = match actor {
        Actor::Token { scopes, .. } if asked.is_empty() => scopes.clone(),
        _ => asked,
    };
    let kept: Vec<Permission> = limits.iter().copied().filter(|p| input.role.allows(*p)).collect();
    if kept.is_empty() && !limits.is_empty() {
        problems.push(FieldProblem::new("role", "role_without_scopes").with("role", input.role.name()));
    }
    if problems.is_empty() { Ok(kept) } else { Err(Error::bad_input(problems)) }
}

/// The end of a new token; one made with a token ends with it at the latest.
fn end(tx: &Tx, actor: &Actor, asked: Option<Time>, now: Time) -> Result<Option<Time>> {
    if asked.is_some_and(|end| end <= now) {
        return Err(Error::bad_field(FieldProblem::new("expires_at", "time_past")));
    }
    let own = match actor {
        Actor::Token { id, .. } => rows::by_id(tx, id)?.and_then(|maker| maker.expires_at),
        _ => None,
    };
    Ok(match (asked, own) {
        (Some(asked), Some(own)) => Some(asked.min(own)),
        (asked, own) => asked.or(own),
    })
}

/// Revokes a token; answers what is gone. Error: `token_not_found`, also for other people's tokens that the actor may not
/// see.
pub fn revoke_token(tx: &Tx, actor: &Actor, id: &ObjectId) -> Result<TokenRow> {
    let found = rows::by_id(tx, id.as_str())?.filter(|token| may_see(actor, token));
    let token = found.ok_or_else(|| Error::new(Kind::NotFound, "token_not_found").with("id", id))?;
    rows::delete(tx, &token.id)?;
    row(&token, &names(tx)?)
}

/// Who holds `token`, where that was found out and nothing was written since.
pub fn known_token_actor(core: &Core, token: &str) -> Option<Actor> {
    core.callers.find(&known_as(token), core.store.changes(), core.now())
}

/// No other kind of secret is known under this.
fn known_as(token: &str) -> String {
    format!("token {}", sha256_hex(token))
}

/// Who holds `token`. Error: `token_invalid` when it is unknown, has ended, or its user is disabled.
pub fn token_actor(core: &Core, token: &str, request: &Request) -> Result<Actor> {
    let invalid = || Error::new(Kind::NotSignedIn, "token_invalid");
    let changes = core.store.changes();
    if let Some(known) = known_token_actor(core, token) {
        return Ok(known);
    }
    let (key, now) = (known_as(token), core.now());
    let secret = Secret::new(token.to_owned());
    let found = core.store.read(|tx| {
        let Some(token) = rows::by_secret(tx, &secret)? else { return Ok(None) };
        let user = token.user_id.as_deref().map(|id| users::by_id(tx, id)).transpose()?.flatten();
        Ok(Some((token, user)))
    })?;
    let (token, user) = found.ok_or_else(invalid)?;
    let orphaned = token.user_id.is_some() && user.as_ref().is_none_or(|u| u.disabled);
    if orphaned || token.expires_at.is_some_and(|end| now >= end) {
        return Err(invalid());
    }
    // A scope that this version does not know grants nothing; without a known one nothing is granted at all.
    let scopes: Vec<Permission> = token.scopes.iter().filter_map(|name| Permission::from_name(name)).collect();
    if scopes.is_empty() && !token.scopes.is_empty() {
        return Err(invalid());
    }
    let mut role = parse_role(&token.role)?;
    if let Some(user) = &user {
        role = role.min(parse_role(&user.role)?);
    }
    let noted = token.last_used_at.map_or(now, |used| used.plus_s(TOUCH_S));
    if token.last_used_at.is_none_or(|used| now.since_s(used) >= TOUCH_S) {
        core.store.write(|tx| rows::used(tx, &token.id, now, &request.shown_address()))?;
    }
    let actor = Actor::Token { id: token.id, name: token.name, role, scopes, user: token.user_id };
    core.callers.keep(key, changes, &actor, token.expires_at.map_or(noted, |end| end.min(noted)));
    Ok(actor)
}
