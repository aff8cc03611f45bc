//! Taking a new server over: the claim, once.

use super::{Act, Acted, Cx, Grant, Meta, Method, Need, Nothing, Op, Operation, Read};
use crate::base::clock::Time;
use crate::base::names::{Password, UserName};
use crate::base::{Error, Kind, Result, Secret};
use crate::engine::Actor;
use crate::platform::own;
use crate::services::accounts::{self, SessionView, UserView};
use crate::store::Tx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] = &[Op::read::<Show>(), Op::act::<Create>(), Op::act::<Renew>()];

/// Whether the server is taken.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ClaimState {
    /// Whether the panel has an administrator.
    claimed: bool,
}

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("claim.show", Method::Get, "/claim", Need::Open);
    type In = Nothing;
    type Out = ClaimState;
}

impl Read for Show {
    fn read(cx: &Cx, _: Nothing) -> Result<ClaimState> {
        Ok(ClaimState { claimed: cx.core.store.read(accounts::claimed)? })
    }
}

/// Who takes the server over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimInput {
    /// The token of the claim link; the console needs none.
    token: Option<Secret<String>>,
    /// Name of the first administrator.
    user: UserName,
    /// Password of the first administrator.
    password: Password,
}

/// What the claim gave.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Claimed {
    /// To a browser: a session.
    Session(SessionView),
    /// To the console: the administrator.
    User(UserView),
}

struct Create;

impl Operation for Create {
    const META: Meta = Meta::new("claim.create", Method::Post, "/claim", Need::Open).creates().sign_in();
    type In = ClaimInput;
    type Out = Claimed;
}

impl Act for Create {
    /// The password's hash.
    type Ready = Secret<String>;

    fn prepare(cx: &Cx, input: &ClaimInput) -> Result<Secret<String>> {
        accounts::check_claim(cx.core, cx.actor, cx.request, input.token.as_ref())?;
        accounts::ready_user(&input.user, &input.password)
    }

    fn act(cx: &Cx, tx: &Tx, input: ClaimInput, hash: Secret<String>) -> Result<Acted<Claimed>> {
        let user = accounts::use_claim(cx.core, tx, cx.actor, input.token.as_ref(), (&input.user, hash))?;
        let view = accounts::user_view(tx, &user, cx.core.now())?;
        let after = serde_json::to_value(&view).map_err(Error::fault)?;
        if *cx.actor == Actor::Console {
            return Ok(Acted::new(Claimed::User(view), user.name).changed(().into(), after));
        }
        let begun = accounts::begin_session(cx.core, tx, &user, cx.request)?;
        let grant = Grant::Begin { secret: begun.secret, expires_at: begun.ends_at };
        Ok(Acted::new(Claimed::Session(begun.view), user.name).changed(().into(), after).grant(grant))
    }
}

/// A fresh claim token.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Link {
    /// The token; the earlier one is worth nothing now.
    token: String,
    /// Path of the page that takes it, token included.
    path: String,
    /// The whole link.
    url: String,
    /// When it stops working.
    expires_at: Time,
}

struct Renew;

impl Operation for Renew {
    const META: Meta = Meta::new("claim.renew", Method::Post, "/claim/link", Need::SignedIn).creates().secret();
    type In = Nothing;
    type Out = Link;
}

impl Act for Renew {
    type Ready = ();

    fn prepare(cx: &Cx, _: &Nothing) -> Result<()> {
        if *cx.actor == Actor::Console { Ok(()) } else { Err(Error::new(Kind::Forbidden, "console_only")) }
    }

    fn act(cx: &Cx, tx: &Tx, _: Nothing, (): ()) -> Result<Acted<Link>> {
        let made = accounts::new_claim_token(cx.core, tx)?;
        let token = made.token.expose().clone();
        let path = format!("/claim#{token}");
        let url = cx.core.settings.inside(tx)?.panel.url(&own::host_name()) + &path;
        let link = Link { path, url, token, expires_at: made.expires_at };
        Ok(Acted::new(link, "claim"))
    }
}
