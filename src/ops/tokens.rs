//! API tokens.

use super::{Acted, Cx, Done, Meta, Method, Need, Nothing, Op, Operation, PlainAct, Read};
use crate::base::access::Permission::TokensOwn;
use crate::base::names::ObjectId;
use crate::base::{Error, Result};
use crate::services::accounts::{self, TokenCreate, TokenMade, TokenRow};
use crate::store::Tx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const OPS: &[Op] = &[Op::read::<List>(), Op::act::<Create>(), Op::act::<Delete>()];

/// The tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TokenList {
    /// Newest first; everybody's for those who manage accounts, else the caller's own.
    items: Vec<TokenRow>,
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("token.list", Method::Get, "/tokens", Need::Has(TokensOwn));
    type In = Nothing;
    type Out = TokenList;
}

impl Read for List {
    fn read(cx: &Cx, _: Nothing) -> Result<TokenList> {
        Ok(TokenList { items: accounts::list_tokens(cx.core, cx.actor)? })
    }
}

struct Create;

impl Operation for Create {
    const META: Meta = Meta::new("token.create", Method::Post, "/tokens", Need::Has(TokensOwn)).creates().secret();
    type In = TokenCreate;
    type Out = TokenMade;
}

impl PlainAct for Create {
    fn about(_: &Cx, input: &TokenCreate) -> Result<String> {
        Ok(input.name.to_string())
    }

    fn act(cx: &Cx, tx: &Tx, input: TokenCreate) -> Result<Acted<TokenMade>> {
        let made = accounts::create_token(cx.core, tx, cx.actor, &input)?;
        let after = serde_json::to_value(&made.row).map_err(Error::fault)?;
        let target = made.row.id.clone();
        Ok(Acted::new(made, target).changed(Value::Null, after))
    }
}

/// Names one token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRef {
    /// Token id.
    id: ObjectId,
}

struct Delete;

impl Operation for Delete {
    const META: Meta = Meta::new("token.delete", Method::Delete, "/tokens/{id}", Need::Has(TokensOwn)).destructive();
    type In = TokenRef;
    type Out = Done;
}

impl PlainAct for Delete {
    fn about(_: &Cx, input: &TokenRef) -> Result<String> {
        Ok(input.id.to_string())
    }

    fn act(cx: &Cx, tx: &Tx, input: TokenRef) -> Result<Acted<Done>> {
        let gone = accounts::revoke_token(tx, cx.actor, &input.id)?;
        let before = serde_json::to_value(&gone).map_err(Error::fault)?;
        Ok(Acted::new(Done {}, gone.id).changed(before, Value::Null))
    }
}
