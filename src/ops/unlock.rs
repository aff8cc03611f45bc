//! Letting the owner of the machine back in: for an administrator who is locked out, from root's console.

use super::{Act, Acted, Cx, Meta, Method, Need, Op, Operation};
use crate::base::names::{Password, UserName};
use crate::base::{Error, Kind, Result, Secret, ids};
use crate::config::options::{self, Home};
use crate::engine::settings::CERTIFICATE;
use crate::engine::{Actor, certificate};
use crate::platform::panel_tls::{self, Kept, PanelTls};
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
    /// Make a new self-signed certificate for the panel's port. Without being asked that is done where the one that is
    /// there cannot be used, or has expired. The former files stay beside it as `panel.pem.before` and
    /// `panel.key.before`.
    #[serde(default)]
    new_certificate: bool,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Unlocked {
    /// Settings that are back at their defaults.
    reset: Vec<String>,
    /// The new password, shown this once.
    password: Option<String>,
    /// SHA-256 of the new certificate, as browsers show it: `AB:CD:…`; `null` where the former one stays.
    fingerprint: Option<String>,
}

/// What is worked out beforehand.
pub(super) struct Ready {
    /// A new password and its hash.
    password: Option<(String, Secret<String>)>,
    /// The value of the new address.
    listen: Option<String>,
    /// The pair that takes the place of the files.
    pair: Option<PanelTls>,
}

/// A new certificate where one is asked for, or needed.
fn new_pair(cx: &Cx, asked: bool) -> Result<Option<PanelTls>> {
    let works = match panel_tls::present(&cx.core.config.panel_tls_folder()) {
        Ok(Some(files)) => files.works(cx.core.now()),
        // The next start makes them.
        Ok(None) => true,
        Err(_) => false,
    };
    // The names of the panel are among what goes back to its default.
    (asked || !works).then(|| panel_tls::make(&certificate::names_for(&[]))).transpose()
}

/// Has `pair` take the place of the files once this is on the disk ([`certificate::settle`]); those are put aside.
fn put(cx: &Cx, tx: &Tx, pair: &PanelTls) -> Result<Kept> {
    let folder = cx.core.config.panel_tls_folder();
    panel_tls::put_aside(&folder)?;
    let kept = panel_tls::keep(&folder, pair)?;
    settings::put(tx, CERTIFICATE, &json!(kept.id().to_string()), &cx.actor.shown(), cx.core.now())?;
    Ok(kept)
}

struct Unlock;

impl Operation for Unlock {
    const META: Meta = Meta::new("panel.unlock", Method::Post, "/panel/unlock", Need::SignedIn).secret();
    type In = UnlockInput;
    type Out = Unlocked;
}

impl Act for Unlock {
    type Ready = Ready;

    fn about(_: &Cx, input: &UnlockInput) -> Result<String> {
        Ok(input.user.as_ref().map(UserName::to_string).unwrap_or_default())
    }

    fn prepare(cx: &Cx, input: &UnlockInput) -> Result<Self::Ready> {
        if *cx.actor != Actor::Console {
            return Err(Error::new(Kind::Forbidden, "console_only"));
        }
        let listen = input.listen.as_deref().map(super::settings::address).transpose()?;
        let pair = new_pair(cx, input.new_certificate)?;
        let Some(user) = &input.user else { return Ok(Ready { password: None, listen, pair }) };
        let text = ids::new_token("")?;
        let password: Password = serde_json::from_value(text.as_str().into()).map_err(Error::fault)?;
        Ok(Ready { password: Some((text, accounts::ready_user(user, &password)?)), listen, pair })
    }

    fn act(cx: &Cx, tx: &Tx, input: UnlockInput, ready: Ready) -> Result<Acted<Unlocked>> {
        let Ready { password, listen, pair } = ready;
        guard::delete(tx)?;
        accounts::forget_failures(tx)?;
        let mut reset = Vec::new();
        for opt in options::ALL.iter().filter(|opt| opt.home == Home::Store && opt.guarded) {
            if settings::delete(tx, opt.key)? {
                reset.push(opt.key.to_owned());
            }
        }
        settings::delete(tx, CERTIFICATE)?;
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
        let fingerprint = pair.as_ref().map(|pair| panel_tls::fingerprint(&pair.certificate)).transpose()?;
        let kept = pair.filter(|_| !cx.request.dry_run).map(|pair| put(cx, tx, &pair)).transpose()?;
        let after = json!({
            "reset": reset, "listen": listen, "new_password": password.is_some(), "certificate": fingerprint,
        });
        let acted = Acted::new(Unlocked { reset, password, fingerprint }, target).changed(Value::Null, after);
        Ok(acted.then(move |core| {
            kept.into_iter().for_each(Kept::stays);
            core.settings.changed(&core.store);
            certificate::settle(core);
        }))
    }
}
