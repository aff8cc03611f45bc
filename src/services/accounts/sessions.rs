//! Sessions: a random secret of 256 bits in a cookie, its hash in the store, an end when it is not used and an end in any
//! case.

use super::preferences::{self, Preferences};
use super::users::{parse_role, user_named};
use crate::base::access::{Permission, Role};
use crate::base::clock::Time;
use crate::base::limits::{SESSIONS_PER_USER_MAX, TOUCH_S};
use crate::base::names::{ObjectId, UserName};
use crate::base::{Error, Kind, Result, Secret, ids};
use crate::config::Profile;
use crate::engine::{Actor, Core, Request};
use crate::platform::own;
use crate::store::keys::{CSRF, sha256_hex};
use crate::store::sessions::{self as rows, Session};
use crate::store::users::{self as user_rows, User};
use crate::store::{Tx, failures};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// The signed-in user.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionUser {
    /// User id.
    id: String,
    /// User name.
    name: String,
    /// Role.
    role: Role,
}

/// The caller's own session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionView {
    /// Session id.
    pub id: String,
    /// Who is signed in.
    pub user: SessionUser,
    /// What the user prefers to see.
    preferences: Preferences,
    /// What the user may do.
    permissions: Vec<Permission>,
    /// To be sent back in the header `X-Manara-CSRF` with every change.
    csrf: String,
    /// The machine's name.
    host: String,
    /// The panel's version.
    version: &'static str,
    /// The panel's profile.
    profile: Profile,
    /// When the session ends if it is not used before.
    pub expires_at: Time,
}

/// A session in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionRow {
    /// Session id.
    id: String,
    /// Whose it is.
    user: String,
    /// Whether it is the caller's own.
    current: bool,
    /// Address it was last used from.
    address: String,
    /// What the browser calls itself.
    agent: String,
    /// When it began.
    created_at: Time,
    /// When it was last used, to the minute.
    last_seen_at: Time,
    /// When it ends if it is not used before.
    expires_at: Time,
}

/// A new session.
pub struct Begun {
    /// As its owner sees it.
    pub view: SessionView,
    /// What the browser keeps.
    pub secret: Secret<String>,
    /// When it ends in any case.
    pub ends_at: Time,
}

fn invalid() -> Error {
    Error::new(Kind::NotSignedIn, "session_invalid")
}

/// How long a session lives: unused, and in all, in seconds.
type Lives = (i64, i64);

fn lives(core: &Core) -> Result<Lives> {
    let panel = &core.settings.now(&core.store)?.panel;
    Ok((panel.session_idle_s, panel.session_total_s))
}

fn expires_at(session: &Session, (idle_s, total_s): Lives) -> Time {
    session.last_seen_at.plus_s(idle_s).min(session.created_at.plus_s(total_s))
}

/// Ends the sessions that ran out and forgets old failures to sign in; how many rows that were.
pub fn sweep(core: &Core, tx: &Tx) -> Result<u64> {
    let (now, (idle_s, total_s)) = (core.now(), lives(core)?);
    let ended = rows::delete_expired(tx, now.plus_s(-idle_s), now.plus_s(-total_s))?;
    Ok(ended + failures::forget(tx, now.plus_s(-super::guard::MEMORY_S))?)
}

/// Begins a session. The least used ones of the user make room when there are too many, and what expired is swept out.
pub fn begin_session(core: &Core, tx: &Tx, user: &User, request: &Request) -> Result<Begun> {
    let now = core.now();
    let (idle_s, total_s) = lives(core)?;
    sweep(core, tx)?;
    for old in rows::of_user(tx, &user.id)?.iter().skip(SESSIONS_PER_USER_MAX - 1) {
        rows::delete(tx, &old.id)?;
    }
    let secret = Secret::new(ids::new_token("")?);
    let session = Session {
        id: ids::new_id("h")?,
        user_id: user.id.clone(),
        created_at: now,
        last_seen_at: now,
        verified_at: now,
        address: request.shown_address(),
        agent: request.agent.clone(),
    };
    rows::insert(tx, &session, &secret)?;
    let csrf = core.store.keys().mac(CSRF, &sha256_hex(secret.expose()));
    let view = view(core, (user, preferences::of(tx, &user.id)?), &session, csrf, (idle_s, total_s))?;
    Ok(Begun { view, secret, ends_at: now.plus_s(total_s) })
}

fn view(
    core: &Core,
    (user, preferences): (&User, Preferences),
    session: &Session,
    csrf: String,
    lives: Lives,
) -> Result<SessionView> {
    let role = parse_role(&user.role)?;
    Ok(SessionView {
        id: session.id.clone(),
        user: SessionUser { id: user.id.clone(), name: user.name.clone(), role },
        preferences,
        permissions: Permission::ALL.into_iter().filter(|p| role.allows(*p)).collect(),
        csrf,
        host: own::host_name(),
        version: env!("CARGO_PKG_VERSION"),
        profile: core.config.profile,
        expires_at: expires_at(session, lives),
    })
}

/// The session `id` as its owner sees it. Error: `session_invalid`.
pub fn view_session(core: &Core, id: &str) -> Result<SessionView> {
    let lives = lives(core)?;
    core.store.read(|tx| {
        let session = rows::by_id(tx, id)?.ok_or_else(invalid)?;
        let user = user_rows::by_id(tx, &session.user_id)?.ok_or_else(invalid)?;
        let hash = rows::secret_hash(tx, id)?.ok_or_else(invalid)?;
        view(core, (&user, preferences::of(tx, &user.id)?), &session, core.store.keys().mac(CSRF, &hash), lives)
    })
}

/// Who holds `secret`, where that was found out and nothing was written since.
pub fn known_session_actor(core: &Core, secret: &str) -> Option<Actor> {
    core.callers.find(&known_as(secret), core.store.changes(), core.now())
}

/// No other kind of secret is known under this.
fn known_as(secret: &str) -> String {
    format!("session {}", sha256_hex(secret))
}

/// Who holds `secret`. Error: `session_invalid` when nobody does any more.
pub fn session_actor(core: &Core, secret: &str, request: &Request) -> Result<Actor> {
    let changes = core.store.changes();
    if let Some(known) = known_session_actor(core, secret) {
        return Ok(known);
    }
    let (key, now) = (known_as(secret), core.now());
    let lives = lives(core)?;
    let secret = Secret::new(secret.to_owned());
    let found = core.store.read(|tx| {
        let Some(session) = rows::by_secret(tx, &secret)? else { return Ok(None) };
        Ok(user_rows::by_id(tx, &session.user_id)?.map(|user| (session, user)))
    })?;
    let (session, user) = found.ok_or_else(invalid)?;
    if user.disabled || now >= expires_at(&session, lives) {
        return Err(invalid());
    }
    if now.since_s(session.last_seen_at) >= TOUCH_S {
        core.store.write(|tx| rows::touch(tx, &session.id, now, &request.shown_address()))?;
    }
    let role = parse_role(&user.role)?;
    let until = session.last_seen_at.plus_s(TOUCH_S).min(expires_at(&session, lives));
    let actor = Actor::User { id: user.id, name: user.name, role, session: session.id };
    core.callers.keep(key, changes, &actor, until);
    Ok(actor)
}

/// The user `name` without a session: a member of the socket's group. Error: `no_panel_user`.
pub fn member_actor(core: &Core, name: &str) -> Result<Actor> {
    let user = core.store.read(|tx| user_rows::by_name(tx, name))?.filter(|user| !user.disabled);
    let user = user.ok_or_else(|| Error::new(Kind::NotSignedIn, "no_panel_user").with("name", name))?;
    let role = parse_role(&user.role)?;
    Ok(Actor::User { id: user.id, name: user.name, role, session: String::new() })
}

/// The token against cross-site requests of the session with this secret.
pub fn csrf_token(core: &Core, secret: &str) -> String {
    core.store.keys().mac(CSRF, &sha256_hex(secret))
}

/// Whether `given` is the session's token against cross-site requests.
pub fn csrf_matches(core: &Core, secret: &str, given: &str) -> bool {
    core.store.keys().mac_matches(CSRF, &sha256_hex(secret), given)
}

/// Whose sessions the actor may see and end: everybody's (`None`), or one user's. A token stands in for its user only
/// where it may manage accounts: what it is limited to says nothing about sessions.
fn reach(actor: &Actor) -> Result<Option<&str>> {
    match actor {
        actor if actor.may(Permission::AccountsManage) => Ok(None),
        Actor::User { id, .. } => Ok(Some(id)),
        _ => Err(Error::new(Kind::Forbidden, "needs_session")),
    }
}

/// The live sessions that the actor may see, last used first; only those of `user` where one is named.
pub fn list_sessions(core: &Core, actor: &Actor, user: Option<&UserName>) -> Result<Vec<SessionRow>> {
    let (lives, now) = (lives(core)?, core.now());
    let current = current_session(actor);
    core.store.read(|tx| {
        let names: HashMap<String, String> = user_rows::list(tx)?.into_iter().map(|u| (u.id, u.name)).collect();
        let sessions = match (reach(actor)?, user) {
            (None, None) => rows::list(tx)?,
            (None, Some(name)) => rows::of_user(tx, &user_named(tx, name)?.id)?,
            (Some(own), name) => match name {
                Some(name) if names.get(own).map(String::as_str) != Some(name.as_str()) => vec![],
                _ => rows::of_user(tx, own)?,
            },
        };
        let live = sessions.into_iter().filter(|s| now < expires_at(s, lives));
        Ok(live
            .map(|s| SessionRow {
                current: current == Some(s.id.as_str()),
                user: names.get(&s.user_id).cloned().unwrap_or_default(),
                expires_at: expires_at(&s, lives),
                id: s.id,
                address: s.address,
                agent: s.agent,
                created_at: s.created_at,
                last_seen_at: s.last_seen_at,
            })
            .collect())
    })
}

fn current_session(actor: &Actor) -> Option<&str> {
    match actor {
        Actor::User { session, .. } => Some(session),
        _ => None,
    }
}

/// The session that the actor signed in with, and its user. Error: `needs_session`.
pub fn own_session(actor: &Actor) -> Result<(&str, &str)> {
    match actor {
        Actor::User { id, session, .. } if !session.is_empty() => Ok((session, id)),
        _ => Err(Error::new(Kind::Forbidden, "needs_session")),
    }
}

/// Ends a session; answers whether it was the actor's own. Error: `session_not_found`, also for other people's sessions
/// that the actor may not see.
pub fn revoke_session(tx: &Tx, actor: &Actor, id: &ObjectId) -> Result<bool> {
    let gone = || Error::new(Kind::NotFound, "session_not_found").with("id", id);
    let session = rows::by_id(tx, id.as_str())?.ok_or_else(gone)?;
    if reach(actor)?.is_some_and(|own| own != session.user_id) {
        return Err(gone());
    }
    rows::delete(tx, id.as_str())?;
    Ok(current_session(actor) == Some(id.as_str()))
}

/// Ends all of a user's sessions but the one named; how many that were.
pub fn end_others(tx: &Tx, user: &str, session: &str) -> Result<u64> {
    rows::delete_of_user(tx, user, Some(session))
}
