//! The first run: whoever holds the token that was printed on the console becomes the first administrator.

use super::guard::Attempt;
use super::users::create_user;
use crate::base::access::Role;
use crate::base::clock::Time;
use crate::base::limits::{CLAIM_FAILURES_MAX, CLAIM_S_MAX};
use crate::base::names::UserName;
use crate::base::{Error, FieldProblem, Kind, Result, Secret, ids};
use crate::engine::{Actor, Core, Request};
use crate::store::Tx;
use crate::store::claim::{self as rows, Tried};
use crate::store::users::{self, User};

/// A fresh claim token.
pub struct ClaimLink {
    /// The token.
    pub token: Secret<String>,
    /// When it stops working.
    pub expires_at: Time,
}

/// Whether the panel has users already.
pub fn claimed(tx: &Tx) -> Result<bool> {
    Ok(users::count(tx)? > 0)
}

fn refuse_claimed(tx: &Tx) -> Result<()> {
    if claimed(tx)? { Err(Error::new(Kind::Conflict, "already_claimed")) } else { Ok(()) }
}

/// Why a token is refused is nobody's business: wrong, used, expired and worn out get one answer.
fn refused() -> Error {
    Error::new(Kind::Forbidden, "claim_refused")
}

/// Makes a token in the place of the earlier one. Error: `already_claimed`.
pub fn new_claim_token(core: &Core, tx: &Tx) -> Result<ClaimLink> {
    refuse_claimed(tx)?;
    let link = ClaimLink { token: Secret::new(ids::new_token("")?), expires_at: core.now().plus_s(CLAIM_S_MAX) };
    rows::put(tx, &link.token, link.expires_at)?;
    Ok(link)
}

/// Checks the token without using it up; wrong ones are counted, per address and in all. The console needs none. Errors:
/// `already_claimed`, `claim_refused`, `too_many_tries`.
pub fn check_claim(core: &Core, actor: &Actor, request: &Request, token: Option<&Secret<String>>) -> Result<()> {
    core.store.read(refuse_claimed)?;
    if *actor == Actor::Console {
        return Ok(());
    }
    let token = token.ok_or_else(|| Error::bad_field(FieldProblem::new("token", "required")))?;
    let attempt = Attempt::begin(core, None, request)?;
    match core.store.write(|tx| rows::try_token(tx, token, core.now(), CLAIM_FAILURES_MAX))? {
        Tried::Accepted => attempt.take_back(core),
        _ => Err(refused()),
    }
}

/// Uses the token up and makes the first administrator. Of several that come at once one wins; the others get
/// `already_claimed`.
pub fn use_claim(
    core: &Core,
    tx: &Tx,
    actor: &Actor,
    token: Option<&Secret<String>>,
    (name, hash): (&UserName, Secret<String>),
) -> Result<User> {
    refuse_claimed(tx)?;
    match token {
        _ if *actor == Actor::Console => rows::withdraw(tx)?,
        Some(token) if rows::try_use(tx, token, core.now(), CLAIM_FAILURES_MAX)? == Tried::Accepted => {}
        _ => return Err(refused()),
    }
    create_user(tx, core.now(), name, Role::Admin, hash)
}
