//! Letting the owner of the machine back in: for an administrator who is locked out, from root's console.

use super::{Act, Acted, Cx, Meta, Method, Need, Op, Operation};
use crate::base::names::{Password, UserName};
use crate::base::{Error, Kind, Result, Secret, ids};
use crate::config::options::{self, Home};
use crate::engine::Actor;
use crate::services::accounts;
use crate::store::{Tx, guard, settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const OPS: &[Op] = &[Op::act::<Unlock>()];

/// What is unlocked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnlockInput {
    /// An administrator who gets a new password. One who was disabled may sign in again.
    user: Option<UserName>,
    /// Address and port the panel listens on from now on, instead of the default.
    #[schemars(length(max = 64))]
    listen: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Unlocked {
    /// Settings that are back at their defaults.
    reset: Vec<String>,
    /// The new password, shown this once.
    password: Option<String>,
}

struct Unlock;

impl Operation for Unlock {
    const META: Meta = Meta::new("panel.unlock", Method::Post, "/panel/unlock", Need::SignedIn).secret();
    type In = UnlockInput;
    type Out = Unlocked;
}

impl Act for Unlock {
    /// A new password and its hash; the value of the new address.
    type Ready = (Option<(String, Secret<String>)>, Option<String>);

    fn about(_: &Cx, input: &UnlockInput) -> Result<String> {
        Ok(input.user.as_ref().map(UserName::to_string).unwrap_or_default())
    }

    fn prepare(cx: &Cx, input: &UnlockInput) -> Result<Self::Ready> {
        if *cx.actor != Actor::Console {
            return Err(Error::new(Kind::Forbidden, "console_only"));
        }
        let listen = input.listen.as_deref().map(super::settings::address).transpose()?;
        let Some(user) = &input.user else { return Ok((None, listen)) };
        let text = ids::new_token("")?;
        let password: Password = serde_json::from_value(text.as_str().into()).map_err(Error::fault)?;
        Ok((Some((text, accounts::ready_user(user, &password)?)), listen))
    }

    fn act(cx: &Cx, tx: &Tx, input: UnlockInput, (password, listen): Self::Ready) -> Result<Acted<Unlocked>> {
        guard::delete(tx)?;
        accounts::forget_failures(tx)?;
        let mut reset = Vec::new();
        for opt in options::ALL.iter().filter(|opt| opt.home == Home::Store && opt.guarded) {
            if settings::delete(tx, opt.key)? {
                reset.push(opt.key.to_owned());
            }
        }
        if let Some(listen) = &listen {
            settings::put(tx, "panel.listen", &json!(listen), &cx.actor.shown(), cx.core.now())?;
        }
        let password = match (&input.user, password) {
            (Some(user), Some((text, hash))) => {
                accounts::let_in(cx.core, tx, user, hash)?;
                Some(text)
            }
            _ => None,
        };
        let target = input.user.map(|user| user.to_string()).unwrap_or_default();
        let after = json!({ "reset": reset, "listen": listen, "new_password": password.is_some() });
        let acted = Acted::new(Unlocked { reset, password }, target).changed(Value::Null, after);
        Ok(acted.then(|core| core.settings.changed(&core.store)))
    }
}
