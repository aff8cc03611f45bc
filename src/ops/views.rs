//! Views of lists that users keep under a name.

use super::{Acted, Cx, Done, Meta, Method, Need, Nothing, Op, Operation, PlainAct, Read};
use crate::base::access::Permission;
use crate::base::clock::Time;
use crate::base::names::{Label, ObjectId};
use crate::base::{Error, Kind, Result};
use crate::engine::{Actor, apply};
use crate::store::Tx;
use crate::store::list_views::{self, ListView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const OPS: &[Op] = &[Op::read::<List>(), Op::act::<Create>(), Op::act::<Delete>()];

/// A list that views belong to.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ListPage {
    /// The list of sites.
    Sites,
    /// The list of jobs.
    Jobs,
    /// The audit trail.
    Audit,
}

impl ListPage {
    const ALL: [ListPage; 3] = [ListPage::Sites, ListPage::Jobs, ListPage::Audit];

    /// Who may read the list may have views of it: a narrowed token has nothing to do with those of other lists.
    fn needs(self) -> Permission {
        match self {
            ListPage::Sites => Permission::SitesRead,
            ListPage::Jobs => Permission::JobsRead,
            ListPage::Audit => Permission::AuditRead,
        }
    }

    fn name(self) -> &'static str {
        match self {
            ListPage::Sites => "sites",
            ListPage::Jobs => "jobs",
            ListPage::Audit => "audit",
        }
    }
}

/// A new view.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewView {
    /// Which list.
    page: ListPage,
    /// What you call it.
    name: Label,
    /// Filters and order, as the address of the page has them after the question mark.
    #[schemars(length(max = 1000))]
    query: String,
}

/// A view.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SavedView {
    /// Its id.
    id: String,
    /// Which list.
    page: String,
    /// What its owner calls it.
    name: String,
    /// Filters and order, as the address of the page has them after the question mark.
    query: String,
    /// When it was made.
    created_at: Time,
}

impl From<ListView> for SavedView {
    fn from(view: ListView) -> Self {
        let ListView { id, page, name, query, created_at, .. } = view;
        Self { id, page, name, query, created_at }
    }
}

/// The caller's views.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ViewList {
    /// By list and name.
    items: Vec<SavedView>,
}

/// The user whose views these are. Error: `needs_user` for the console and its tokens, which are nobody in particular.
fn owner<'a>(cx: &Cx<'a>) -> Result<&'a str> {
    match cx.actor {
        Actor::User { id, .. } | Actor::Token { user: Some(id), .. } => Ok(id),
        _ => Err(Error::new(Kind::Forbidden, "needs_user")),
    }
}

/// Whether the caller may read the list called `page`.
fn may(cx: &Cx, page: &str) -> bool {
    ListPage::ALL.iter().any(|list| list.name() == page && cx.actor.may(list.needs()))
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("view.list", Method::Get, "/views", Need::SignedIn).stored();
    type In = Nothing;
    type Out = ViewList;
}

impl Read for List {
    fn read(cx: &Cx, _: Nothing) -> Result<ViewList> {
        let user = owner(cx)?;
        let views = cx.core.store.read(|tx| list_views::of_user(tx, user))?;
        Ok(ViewList { items: views.into_iter().filter(|view| may(cx, &view.page)).map(SavedView::from).collect() })
    }
}

struct Create;

impl Operation for Create {
    const META: Meta = Meta::new("view.create", Method::Post, "/views", Need::SignedIn).creates();
    type In = NewView;
    type Out = SavedView;
}

impl PlainAct for Create {
    fn act(cx: &Cx, tx: &Tx, input: NewView) -> Result<Acted<SavedView>> {
        if !cx.actor.may(input.page.needs()) {
            return Err(Error::new(Kind::Forbidden, "forbidden").with("operation", Self::META.id));
        }
        let view = ListView {
            id: apply::object_id("v")?.to_string(),
            user_id: owner(cx)?.to_owned(),
            page: input.page.name().into(),
            name: input.name.to_string(),
            query: input.query,
            created_at: cx.core.now(),
        };
        list_views::insert(tx, &view)?;
        let after = json!({ "page": view.page, "query": view.query });
        Ok(Acted::new(view.clone().into(), view.name).changed(Value::Null, after))
    }
}

/// Names one view.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewRef {
    /// Its id.
    id: ObjectId,
}

struct Delete;

impl Operation for Delete {
    const META: Meta = Meta::new("view.delete", Method::Delete, "/views/{id}", Need::SignedIn);
    type In = ViewRef;
    type Out = Done;
}

impl PlainAct for Delete {
    fn act(cx: &Cx, tx: &Tx, input: ViewRef) -> Result<Acted<Done>> {
        let gone = || Error::new(Kind::NotFound, "view_not_found").with("id", &input.id);
        let view = list_views::by_id(tx, owner(cx)?, input.id.as_str())?.ok_or_else(gone)?;
        if !may(cx, &view.page) {
            return Err(Error::new(Kind::Forbidden, "forbidden").with("operation", Self::META.id));
        }
        list_views::delete(tx, &view.id)?;
        let before = json!({ "page": view.page, "query": view.query });
        Ok(Acted::new(Done {}, view.name).changed(before, Value::Null))
    }
}
