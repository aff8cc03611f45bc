//! Users: signing in, and who may be what. The last administrator stays.

use super::guard::{self, Attempt};
use super::hashing::{self, Verdict};
use super::rules;
use super::sessions::{Begun, begin_session};
use crate::base::access::Role;
use crate::base::clock::Time;
use crate::base::names::{Password, UserName};
use crate::base::{Error, FieldProblem, Kind, Result, Secret, ids};
use crate::engine::{Actor, Core, Request};
use crate::store::users::{self as rows, User};
use crate::store::{Tx, failures, sessions, tokens};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user as shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UserView {
    /// User id.
    pub id: String,
    /// User name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// Until when signing in has to wait after too many failures.
    pub locked_until: Option<Time>,
    /// Counts the changes, from 1.
    pub revision: i64,
    /// When the user was made.
    pub created_at: Time,
    /// When the user was last changed.
    pub updated_at: Time,
    /// When the password was last changed.
    pub password_changed_at: Time,
}

/// A new user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserCreate {
    /// The name to sign in with.
    pub name: UserName,
    /// Role.
    pub role: Role,
    /// Password.
    pub password: Password,
}

/// What changes of a user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserUpdate {
    /// Which user.
    pub name: UserName,
    /// New role.
    pub role: Option<Role>,
    /// Whether signing in is refused. Disabling also revokes the user's tokens.
    pub disabled: Option<bool>,
    /// New password; one's own is changed with `session.password`.
    pub password: Option<Password>,
}

/// A user whose password was right.
pub struct SignedIn {
    user: User,
    /// The same password hashed with the parameters of today, where they changed.
    rehashed: Option<Secret<String>>,
}

pub(super) fn parse_role(name: &str) -> Result<Role> {
    Role::from_name(name).ok_or_else(|| Error::fault(format!("the store has a role {name:?}")))
}

/// The user as shown.
pub fn user_view(tx: &Tx, user: &User, now: Time) -> Result<UserView> {
    Ok(UserView {
        id: user.id.clone(),
        name: user.name.clone(),
        role: parse_role(&user.role)?,
        disabled: user.disabled,
        locked_until: guard::locked_until(tx, &user.name, now)?,
        revision: user.revision,
        created_at: user.created_at,
        updated_at: user.updated_at,
        password_changed_at: user.password_changed_at,
    })
}

/// The user of that name. Error: `user_not_found`.
pub(super) fn user_named(tx: &Tx, name: &UserName) -> Result<User> {
    let gone = || Error::new(Kind::NotFound, "user_not_found").with("name", name);
    rows::by_name(tx, name.as_str())?.ok_or_else(gone)
}

/// Every user by name.
pub fn list_users(core: &Core) -> Result<Vec<UserView>> {
    core.store.read(|tx| rows::list(tx)?.iter().map(|user| user_view(tx, user, core.now())).collect())
}

fn failed() -> Error {
    Error::new(Kind::NotSignedIn, "sign_in_failed")
}

/// Checks name and password. Unknown and disabled users get the answer of a wrong password, after the same time. Errors:
/// `sign_in_failed`, `too_many_tries`, `hashes_full`.
pub fn check_sign_in(core: &Core, request: &Request, name: &UserName, password: &Secret<String>) -> Result<SignedIn> {
    let attempt = Attempt::begin(core, Some(name.as_str()), request)?;
    let user = core.store.read(|tx| rows::by_name(tx, name.as_str()))?;
    let verdict = match hashing::verify(password, user.as_ref().map(|u| &u.password_hash)) {
        Ok(verdict) => verdict,
        Err(e) => {
            attempt.take_back(core)?;
            return Err(e);
        }
    };
    match user {
        Some(user) if verdict.right && !user.disabled => {
            attempt.take_back(core)?;
            let rehashed = verdict.outdated.then(|| hashing::hash(password.expose())).transpose()?;
            Ok(SignedIn { user, rehashed })
        }
        _ => Err(failed()),
    }
}

/// Begins the session of a user whose password was right, unless the account changed in the meantime.
pub fn sign_in(core: &Core, tx: &Tx, signed_in: SignedIn, request: &Request) -> Result<Begun> {
    let SignedIn { user, rehashed } = signed_in;
    let now = rows::by_id(tx, &user.id)?.filter(|now| !now.disabled && now.password_hash == user.password_hash);
    let mut user = now.ok_or_else(failed)?;
    let name = user.name.parse().map_err(Error::fault)?;
    guard::clear_account(tx, &name)?;
    if let Some(hash) = rehashed {
        user.password_hash = hash;
        rows::update(tx, &user)?;
    }
    begin_session(core, tx, &user, request)
}

/// A change of one's own password, checked and hashed. Tries on the current one are counted as sign-ins are. Errors:
/// `password_wrong` in `current`, rules for passwords in `new`, `too_many_tries`, `hashes_full`.
pub fn ready_password(cx: (&Core, &Request), user_id: &str, current: &Secret<String>, new: &Password) -> Result<User> {
    let (core, request) = cx;
    let user = core.store.read(|tx| rows::by_id(tx, user_id))?;
    let mut user = user.ok_or_else(|| Error::new(Kind::NotSignedIn, "session_invalid"))?;
    rules::check_password(&user.name.parse().map_err(Error::fault)?, new, "new")?;
    let attempt = Attempt::begin(core, Some(&user.name), request)?;
    let verdict = hashing::verify(current, Some(&user.password_hash));
    if !matches!(verdict, Ok(Verdict { right: false, .. })) {
        attempt.take_back(core)?;
    }
    if !verdict?.right {
        return Err(Error::bad_field(FieldProblem::new("current", "password_wrong")));
    }
    user.password_hash = hashing::hash(new.expose())?;
    (user.password_changed_at, user.updated_at) = (core.now(), core.now());
    Ok(user)
}

/// Changes the caller's own password and ends all other sessions. Error: `revision_stale`.
pub fn change_password(core: &Core, tx: &Tx, user: &User, session: &str) -> Result<UserView> {
    let revision = rows::update(tx, user)?;
    sessions::delete_of_user(tx, &user.id, Some(session))?;
    sessions::verified(tx, session, core.now())?;
    user_view(tx, &User { revision, ..user.clone() }, core.now())
}

/// Forgets the failures that keep a user from signing in. Error: `user_not_found`.
pub fn unlock_user(core: &Core, tx: &Tx, name: &UserName) -> Result<(UserView, UserView)> {
    let user = user_named(tx, name)?;
    let before = user_view(tx, &user, core.now())?;
    guard::clear_account(tx, name)?;
    Ok((before, user_view(tx, &user, core.now())?))
}

/// Forgets every failure: nobody has to wait any more.
pub fn forget_failures(tx: &Tx) -> Result<()> {
    failures::forget(tx, Time(i64::MAX)).map(drop)
}

/// Gives a user a new password and ends all its sessions; one that was disabled may sign in again. For the console alone.
/// Error: `user_not_found`.
pub fn let_in(core: &Core, tx: &Tx, name: &UserName, hash: Secret<String>) -> Result<()> {
    let mut user = user_named(tx, name)?;
    (user.password_hash, user.disabled) = (hash, false);
    (user.password_changed_at, user.updated_at) = (core.now(), core.now());
    rows::update(tx, &user)?;
    sessions::delete_of_user(tx, &user.id, None).map(drop)
}

/// Hashes the password of a new user. Errors: rules for passwords in `password`; `hashes_full`.
pub fn ready_user(name: &UserName, password: &Password) -> Result<Secret<String>> {
    rules::check_password(name, password, "password")?;
    hashing::hash(password.expose())
}

/// Adds a user with a hashed password. Error: `user_exists`.
pub fn create_user(tx: &Tx, now: Time, name: &UserName, role: Role, hash: Secret<String>) -> Result<User> {
    if rows::by_name(tx, name.as_str())?.is_some() {
        return Err(Error::new(Kind::Conflict, "user_exists").with("name", name));
    }
    let user = User {
        id: ids::new_id("u")?,
        name: name.to_string(),
        role: role.name().to_owned(),
        password_hash: hash,
        disabled: false,
        revision: 1,
        created_at: now,
        updated_at: now,
        password_changed_at: now,
    };
    rows::insert(tx, &user)?;
    Ok(user)
}

/// Hashes the new password of an update. Errors: rules for passwords, and `password_own` for the caller's own, which is
/// changed only by whoever knows the old one.
pub fn ready_update(actor: &Actor, input: &UserUpdate) -> Result<Option<Secret<String>>> {
    let Some(password) = &input.password else { return Ok(None) };
    if matches!(actor, Actor::User { name, .. } if name == input.name.as_str()) {
        return Err(Error::bad_field(FieldProblem::new("password", "password_own")));
    }
    ready_user(&input.name, password).map(Some)
}

/// Changes a user; sessions that began under the former role, state or password end at once, and so do the tokens of a
/// disabled user. Answers the user before and after. Errors: `user_not_found`, `last_admin`, `revision_stale`.
pub fn update_user(
    core: &Core,
    tx: &Tx,
    input: &UserUpdate,
    hash: Option<Secret<String>>,
    seen: Option<i64>,
) -> Result<(UserView, UserView)> {
    let now = core.now();
    let mut user = user_named(tx, &input.name)?;
    let before = user_view(tx, &user, now)?;
    // A revision the caller has not seen fails in the update.
    user.revision = seen.unwrap_or(user.revision);
    let new_password = hash.is_some();
    if let Some(hash) = hash {
        (user.password_hash, user.password_changed_at) = (hash, now);
    }
    user.role = input.role.map_or(user.role, |role| role.name().to_owned());
    user.disabled = input.disabled.unwrap_or(user.disabled);
    user.updated_at = now;
    user.revision = rows::update(tx, &user)?;
    keep_an_admin(tx, &input.name)?;
    if new_password || user.disabled || user.role != before.role.name() {
        sessions::delete_of_user(tx, &user.id, None)?;
    }
    if user.disabled {
        tokens::delete_of_user(tx, &user.id)?;
    }
    Ok((before, user_view(tx, &user, now)?))
}

/// Deletes a user with sessions and tokens; answers what is gone. Errors: as [`update_user`].
pub fn delete_user(core: &Core, tx: &Tx, name: &UserName, seen: Option<i64>) -> Result<UserView> {
    let user = user_named(tx, name)?;
    let before = user_view(tx, &user, core.now())?;
    if let Some(seen) = seen.filter(|seen| *seen != user.revision) {
        let e = Error::new(Kind::Stale, "revision_stale");
        return Err(e.with("expected", seen).with("found", user.revision));
    }
    rows::delete(tx, &user.id)?;
    keep_an_admin(tx, name)?;
    guard::clear_account(tx, name)?;
    Ok(before)
}

/// Refuses what left nobody who can manage accounts; the transaction is then rolled back.
fn keep_an_admin(tx: &Tx, name: &UserName) -> Result<()> {
    if rows::count_admins(tx)? == 0 {
        return Err(Error::new(Kind::Conflict, "last_admin").with("name", name));
    }
    Ok(())
}
