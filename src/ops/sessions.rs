//! Signing in and out, and one's own password.

use super::{Act, Acted, Cx, Done, Grant, Meta, Method, Need, Nothing, Op, Operation, PlainAct, Read};
use crate::base::names::{ObjectId, Password, UserName};
use crate::base::{Error, Result, Secret};
use crate::services::accounts::{self, Preferences, PreferencesPatch, SessionRow, SessionView, SignedIn};
use crate::store::Tx;
use crate::store::users::{self, User};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const OPS: &[Op] = &[
    Op::act::<Create>(),
    Op::read::<Show>(),
    Op::act::<Delete>(),
    Op::read::<List>(),
    Op::act::<Revoke>(),
    Op::act::<Clear>(),
    Op::act::<ChangePassword>(),
    Op::act::<ChangePreferences>(),
];

/// Name and password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// User name.
    user: UserName,
    /// Password.
    password: Secret<String>,
}

/// What comes next.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Next {
    /// Nothing: the user is signed in.
    Done,
}

/// The answer to a sign-in.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SignInAnswer {
    /// What comes next.
    next: Next,
    /// The new session.
    session: SessionView,
}

struct Create;

impl Operation for Create {
    const META: Meta = Meta::new("session.create", Method::Post, "/session", Need::Open).creates().sign_in();
    type In = SignIn;
    type Out = SignInAnswer;
}

impl Act for Create {
    type Ready = SignedIn;

    /// Only users that exist are named: what was typed in place of a name may be anything, a password too.
    fn about(cx: &Cx, input: &SignIn) -> Result<String> {
        let user = cx.core.store.read(|tx| users::by_name(tx, input.user.as_str()))?;
        Ok(user.map(|u| u.name).unwrap_or_default())
    }

    fn prepare(cx: &Cx, input: &SignIn) -> Result<SignedIn> {
        accounts::check_sign_in(cx.core, cx.request, &input.user, &input.password)
    }

    fn act(cx: &Cx, tx: &Tx, input: SignIn, signed_in: SignedIn) -> Result<Acted<SignInAnswer>> {
        let begun = accounts::sign_in(cx.core, tx, signed_in, cx.request)?;
        let grant = Grant::Begin { secret: begun.secret, expires_at: begun.ends_at };
        let after = json!({ "session": begun.view.id, "agent": cx.request.agent });
        let answer = SignInAnswer { next: Next::Done, session: begun.view };
        Ok(Acted::new(answer, input.user.to_string()).changed(Value::Null, after).grant(grant))
    }
}

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("session.show", Method::Get, "/session", Need::SignedIn).stored();
    type In = Nothing;
    type Out = SessionView;
}

impl Read for Show {
    fn read(cx: &Cx, _: Nothing) -> Result<SessionView> {
        accounts::view_session(cx.core, accounts::own_session(cx.actor)?.0)
    }
}

struct Delete;

impl Operation for Delete {
    const META: Meta = Meta::new("session.delete", Method::Delete, "/session", Need::SignedIn);
    type In = Nothing;
    type Out = Done;
}

impl Act for Delete {
    type Ready = ObjectId;

    fn prepare(cx: &Cx, _: &Nothing) -> Result<ObjectId> {
        accounts::own_session(cx.actor)?.0.parse().map_err(Error::fault)
    }

    fn act(cx: &Cx, tx: &Tx, _: Nothing, id: ObjectId) -> Result<Acted<Done>> {
        accounts::revoke_session(tx, cx.actor, &id)?;
        Ok(Acted::new(Done {}, id.to_string()).grant(Grant::End))
    }
}

/// Whose sessions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    /// Only this user's.
    user: Option<UserName>,
}

/// The sessions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionList {
    /// Last used first.
    items: Vec<SessionRow>,
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("session.list", Method::Get, "/sessions", Need::SignedIn);
    type In = Whose;
    type Out = SessionList;
}

impl Read for List {
    fn read(cx: &Cx, input: Whose) -> Result<SessionList> {
        Ok(SessionList { items: accounts::list_sessions(cx.core, cx.actor, input.user.as_ref())? })
    }
}

/// Names one session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionRef {
    /// Session id.
    id: ObjectId,
}

struct Revoke;

impl Operation for Revoke {
    const META: Meta = Meta::new("session.revoke", Method::Delete, "/sessions/{id}", Need::SignedIn).destructive();
    type In = SessionRef;
    type Out = Done;
}

impl PlainAct for Revoke {
    fn about(_: &Cx, input: &SessionRef) -> Result<String> {
        Ok(input.id.to_string())
    }

    fn act(cx: &Cx, tx: &Tx, input: SessionRef) -> Result<Acted<Done>> {
        let own = accounts::revoke_session(tx, cx.actor, &input.id)?;
        let acted = Acted::new(Done {}, input.id.to_string());
        Ok(if own { acted.grant(Grant::End) } else { acted })
    }
}

/// How many sessions ended.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ended {
    /// How many.
    ended: u64,
}

struct Clear;

impl Operation for Clear {
    const META: Meta = Meta::new("session.clear", Method::Delete, "/sessions", Need::SignedIn).destructive();
    type In = Nothing;
    type Out = Ended;
}

impl PlainAct for Clear {
    fn act(cx: &Cx, tx: &Tx, _: Nothing) -> Result<Acted<Ended>> {
        let (session, user) = accounts::own_session(cx.actor)?;
        let ended = accounts::end_others(tx, user, session)?;
        Ok(Acted::new(Ended { ended }, cx.actor.shown()).changed(json!({ "other_sessions": ended }), Value::Null))
    }
}

/// The current password and a new one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordInput {
    /// The password as it is.
    current: Secret<String>,
    /// The password from now on.
    new: Password,
}

struct ChangePassword;

impl Operation for ChangePassword {
    const META: Meta = Meta::new("session.password", Method::Post, "/session/password", Need::SignedIn).sign_in();
    type In = PasswordInput;
    type Out = Done;
}

impl Act for ChangePassword {
    /// The user with the new hash.
    type Ready = User;

    fn about(cx: &Cx, _: &PasswordInput) -> Result<String> {
        Ok(cx.actor.shown())
    }

    fn prepare(cx: &Cx, input: &PasswordInput) -> Result<User> {
        let (_, user) = accounts::own_session(cx.actor)?;
        accounts::ready_password((cx.core, cx.request), user, &input.current, &input.new)
    }

    fn act(cx: &Cx, tx: &Tx, _: PasswordInput, user: User) -> Result<Acted<Done>> {
        let (session, _) = accounts::own_session(cx.actor)?;
        let view = accounts::change_password(cx.core, tx, &user, session)?;
        let after = json!({ "password_changed_at": view.password_changed_at });
        Ok(Acted::new(Done {}, view.name).changed(json!({}), after))
    }
}

struct ChangePreferences;

impl Operation for ChangePreferences {
    const META: Meta = Meta::new("session.preferences", Method::Patch, "/session/preferences", Need::SignedIn);
    type In = PreferencesPatch;
    type Out = Preferences;
}

impl PlainAct for ChangePreferences {
    fn about(cx: &Cx, _: &PreferencesPatch) -> Result<String> {
        Ok(cx.actor.shown())
    }

    fn act(cx: &Cx, tx: &Tx, input: PreferencesPatch) -> Result<Acted<Preferences>> {
        let (_, user) = accounts::own_session(cx.actor)?;
        let (before, after) = accounts::change_preferences(tx, user, input, cx.core.now())?;
        let json = |preferences: &Preferences| serde_json::to_value(preferences).map_err(Error::fault);
        let (was, is) = (json(&before)?, json(&after)?);
        Ok(Acted::new(after, cx.actor.shown()).changed(was, is))
    }
}
