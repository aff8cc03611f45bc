//! Users of the panel.

use super::{Act, Acted, Cx, Done, Meta, Method, Need, Nothing, Op, Operation, PlainAct, Read};
use crate::base::access::Permission::AccountsManage;
use crate::base::names::UserName;
use crate::base::{Error, Result, Secret};
use crate::services::accounts::{self, UserCreate, UserUpdate, UserView};
use crate::store::Tx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const OPS: &[Op] =
    &[Op::read::<List>(), Op::act::<Create>(), Op::act::<Update>(), Op::act::<Delete>(), Op::act::<Unlock>()];

fn json(view: &UserView) -> Result<Value> {
    serde_json::to_value(view).map_err(Error::fault)
}

/// The users.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct UserList {
    /// By name.
    items: Vec<UserView>,
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("user.list", Method::Get, "/users", Need::Has(AccountsManage));
    type In = Nothing;
    type Out = UserList;
}

impl Read for List {
    fn read(cx: &Cx, _: Nothing) -> Result<UserList> {
        Ok(UserList { items: accounts::list_users(cx.core)? })
    }
}

struct Create;

impl Operation for Create {
    const META: Meta = Meta::new("user.create", Method::Post, "/users", Need::Has(AccountsManage)).creates();
    type In = UserCreate;
    type Out = UserView;
}

impl Act for Create {
    /// The password's hash.
    type Ready = Secret<String>;

    fn about(_: &Cx, input: &UserCreate) -> Result<String> {
        Ok(input.name.to_string())
    }

    fn prepare(_: &Cx, input: &UserCreate) -> Result<Secret<String>> {
        accounts::ready_user(&input.name, &input.password)
    }

    fn act(cx: &Cx, tx: &Tx, input: UserCreate, hash: Secret<String>) -> Result<Acted<UserView>> {
        let now = cx.core.now();
        let user = accounts::create_user(tx, now, &input.name, input.role, hash)?;
        let view = accounts::user_view(tx, &user, now)?;
        let after = json(&view)?;
        Ok(Acted::new(view, user.name).changed(Value::Null, after))
    }
}

struct Update;

impl Operation for Update {
    const META: Meta = Meta::new("user.update", Method::Patch, "/users/{name}", Need::Has(AccountsManage));
    type In = UserUpdate;
    type Out = UserView;
}

impl Act for Update {
    /// The new password's hash.
    type Ready = Option<Secret<String>>;

    fn about(_: &Cx, input: &UserUpdate) -> Result<String> {
        Ok(input.name.to_string())
    }

    fn prepare(cx: &Cx, input: &UserUpdate) -> Result<Option<Secret<String>>> {
        accounts::ready_update(cx.actor, input)
    }

    fn act(cx: &Cx, tx: &Tx, input: UserUpdate, hash: Option<Secret<String>>) -> Result<Acted<UserView>> {
        let (before, after) = accounts::update_user(cx.core, tx, &input, hash, cx.request.if_match)?;
        let (was, is) = (json(&before)?, json(&after)?);
        Ok(Acted::new(after, before.name).changed(was, is))
    }
}

/// Names one user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserRef {
    /// User name.
    name: UserName,
}

struct Delete;

impl Operation for Delete {
    const META: Meta =
        Meta::new("user.delete", Method::Delete, "/users/{name}", Need::Has(AccountsManage)).destructive();
    type In = UserRef;
    type Out = Done;
}

impl PlainAct for Delete {
    fn about(_: &Cx, input: &UserRef) -> Result<String> {
        Ok(input.name.to_string())
    }

    fn act(cx: &Cx, tx: &Tx, input: UserRef) -> Result<Acted<Done>> {
        let before = accounts::delete_user(cx.core, tx, &input.name, cx.request.if_match)?;
        let was = json(&before)?;
        Ok(Acted::new(Done {}, before.name).changed(was, Value::Null))
    }
}

struct Unlock;

impl Operation for Unlock {
    const META: Meta = Meta::new("user.unlock", Method::Post, "/users/{name}/unlock", Need::Has(AccountsManage));
    type In = UserRef;
    type Out = UserView;
}

impl PlainAct for Unlock {
    fn about(_: &Cx, input: &UserRef) -> Result<String> {
        Ok(input.name.to_string())
    }

    fn act(cx: &Cx, tx: &Tx, input: UserRef) -> Result<Acted<UserView>> {
        let (before, after) = accounts::unlock_user(cx.core, tx, &input.name)?;
        let (was, is) = (json(&before)?, json(&after)?);
        Ok(Acted::new(after, before.name).changed(was, is))
    }
}
