//! What the surfaces need before they can call an operation: who calls, and what the panel goes by.

use crate::base::{Kind, Result};
use crate::config::Panel;
use crate::engine::{Actor, Core, Request};
use crate::platform::members;
use crate::services::accounts;

/// Who holds the session with this secret. Costs two indexed reads, and a write at most once a minute. Error:
/// `session_invalid` when it is unknown, has ended, or its user is disabled.
pub fn session_actor(core: &Core, secret: &str, request: &Request) -> Result<Actor> {
    accounts::session_actor(core, secret, request)
}

/// Who holds this API token. Costs as [`session_actor`]. Error: `token_invalid`.
pub fn token_actor(core: &Core, token: &str, request: &Request) -> Result<Actor> {
    accounts::token_actor(core, token, request)
}

/// Who an account of this machine is on the Unix socket: the panel's user of the same name, for members of the group
/// `manara-admin`; nobody for others. Error: `no_panel_user` for a member without such a user, or whose user is disabled.
pub fn account_actor(core: &Core, uid: u32, gid: u32) -> Result<Actor> {
    match members::name(&core.config.root, uid, gid)? {
        Some(name) => accounts::member_actor(core, &name),
        None => Ok(Actor::Nobody),
    }
}

/// As [`session_actor`], where that is known without the store.
pub fn known_session_actor(core: &Core, secret: &str) -> Option<Actor> {
    accounts::known_session_actor(core, secret)
}

/// As [`token_actor`], where that is known without the store.
pub fn known_token_actor(core: &Core, token: &str) -> Option<Actor> {
    accounts::known_token_actor(core, token)
}

/// The token against cross-site requests of the session with this secret.
pub fn csrf_token(core: &Core, session_secret: &str) -> String {
    accounts::csrf_token(core, session_secret)
}

/// Whether `given` is that token, compared in constant time.
pub fn csrf_matches(core: &Core, session_secret: &str, given: &str) -> bool {
    accounts::csrf_matches(core, session_secret, given)
}

/// A fresh claim token in the place of the earlier one, or `None` when the panel is claimed.
pub fn claim_link_token(core: &Core) -> Result<Option<String>> {
    match core.store.write(|tx| accounts::new_claim_token(core, tx)) {
        Ok(link) => Ok(Some(link.token.expose().clone())),
        Err(e) if e.kind() == Kind::Conflict => Ok(None),
        Err(e) => Err(e),
    }
}

/// The options whose home is the store, as they are now; costs no query unless one was changed. Error: `bad_input` with
/// every stored value that no longer fits.
pub fn panel_settings(core: &Core) -> Result<Panel> {
    Ok(core.settings.now(&core.store)?.panel.clone())
}
