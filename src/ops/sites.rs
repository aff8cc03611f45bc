//! Operations on sites.

use super::{Change, Cx, Meta, Method, Need, Op, Operation, Read};
use crate::base::Result;
use crate::base::access::Permission::{SitesChange, SitesDelete, SitesRead};
use crate::base::names::SiteName;
use crate::engine::{Core, Draft};
use crate::services::sites::{
    self, Listing, Selection, SiteCreate, SiteFile, SiteKind, SiteQuery, SiteState, SiteUpdate, SiteView,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] = &[
    Op::read::<List>(),
    Op::change::<Create>(),
    Op::read::<Show>(),
    Op::change::<Update>(),
    Op::change::<Delete>(),
    Op::change::<Enable>(),
    Op::change::<Disable>(),
    Op::change::<Reapply>(),
    Op::read::<Nginx>(),
    Op::read::<History>(),
    Op::change::<Undo>(),
    Op::change::<SwitchMany>(),
    Op::change::<DeleteMany>(),
];

/// Names one site.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteRef {
    /// The site: its domain or its id.
    domain: SiteName,
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("site.list", Method::Get, "/sites", Need::Has(SitesRead)).stored();
    type In = SiteQuery;
    type Out = Listing;
}

impl Read for List {
    fn read(cx: &Cx, input: SiteQuery) -> Result<Listing> {
        sites::list(cx.core, &input, cx.request.lang)
    }
}

struct Create;

impl Operation for Create {
    const META: Meta = Meta::new("site.create", Method::Post, "/sites", Need::Has(SitesChange)).creates();
    type In = SiteCreate;
    type Out = SiteView;
}

impl Change for Create {
    fn plan(cx: &Cx, input: SiteCreate) -> Result<Draft> {
        sites::plan_create(cx.core, input)
    }

    fn output(core: &Core, target: &str) -> Result<SiteView> {
        sites::show(core, target, Default::default())
    }
}

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("site.show", Method::Get, "/sites/{domain}", Need::Has(SitesRead)).stored();
    type In = SiteRef;
    type Out = SiteView;
}

impl Read for Show {
    fn read(cx: &Cx, input: SiteRef) -> Result<SiteView> {
        sites::show(cx.core, input.domain.as_str(), cx.request.lang)
    }
}

struct Update;

impl Operation for Update {
    const META: Meta = Meta::new("site.update", Method::Patch, "/sites/{domain}", Need::Has(SitesChange));
    type In = SiteUpdate;
    type Out = SiteView;
}

impl Change for Update {
    fn plan(cx: &Cx, input: SiteUpdate) -> Result<Draft> {
        sites::plan_update(cx.core, input, cx.request.if_match)
    }

    fn output(core: &Core, target: &str) -> Result<SiteView> {
        sites::show(core, target, Default::default())
    }
}

/// Where a deleted site's files are.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deleted {
    /// The deleted site's id.
    id: String,
    /// Folder in the trash with its files, for static sites.
    trash: String,
}

struct Delete;

impl Operation for Delete {
    const META: Meta =
        Meta::new("site.delete", Method::Delete, "/sites/{domain}", Need::Has(SitesDelete)).destructive();
    type In = SiteRef;
    type Out = Deleted;
}

impl Change for Delete {
    fn plan(cx: &Cx, input: SiteRef) -> Result<Draft> {
        sites::plan_delete(cx.core, input.domain.as_str(), cx.request.if_match)
    }

    fn output(core: &Core, target: &str) -> Result<Deleted> {
        Ok(Deleted { id: target.to_owned(), trash: core.layout.path(&format!("srv/www/.trash/{target}")) })
    }
}

/// Operations that take a site and answer it.
macro_rules! site_change {
    ($name:ident, $id:literal, $path:literal, $plan:expr) => {
        struct $name;

        impl Operation for $name {
            const META: Meta = Meta::new($id, Method::Post, $path, Need::Has(SitesChange));
            type In = SiteRef;
            type Out = SiteView;
        }

        impl Change for $name {
            fn plan(cx: &Cx, input: SiteRef) -> Result<Draft> {
                let plan: fn(&Core, &str, Option<i64>) -> Result<Draft> = $plan;
                plan(cx.core, input.domain.as_str(), cx.request.if_match)
            }

            fn output(core: &Core, target: &str) -> Result<SiteView> {
                sites::show(core, target, Default::default())
            }
        }
    };
}

site_change!(Enable, "site.enable", "/sites/{domain}/enable", |core, site, seen| {
    sites::plan_enabled(core, site, true, seen)
});
site_change!(Disable, "site.disable", "/sites/{domain}/disable", |core, site, seen| {
    sites::plan_enabled(core, site, false, seen)
});
site_change!(Reapply, "site.reapply", "/sites/{domain}/reapply", sites::plan_reapply);

struct Nginx;

impl Operation for Nginx {
    const META: Meta = Meta::new("site.nginx", Method::Get, "/sites/{domain}/nginx", Need::Has(SitesRead));
    type In = SiteRef;
    type Out = SiteFile;
}

impl Read for Nginx {
    fn read(cx: &Cx, input: SiteRef) -> Result<SiteFile> {
        sites::file(cx.core, input.domain.as_str())
    }
}

/// Which part of a site's history.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    /// The site: its domain or its id.
    domain: SiteName,
    /// Rows of a page.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    #[schemars(length(max = 1024))]
    cursor: Option<String>,
}

struct History;

impl Operation for History {
    const META: Meta = Meta::new("site.history", Method::Get, "/sites/{domain}/history", Need::Has(SitesRead)).stored();
    type In = HistoryQuery;
    type Out = sites::History;
}

impl Read for History {
    fn read(cx: &Cx, input: HistoryQuery) -> Result<sites::History> {
        sites::history(cx.core, input.domain.as_str(), (input.cursor.as_deref(), input.limit), cx.request.lang)
    }
}

/// Names a change of a site.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeRef {
    /// The site: its domain or its id.
    domain: SiteName,
    /// The change: the site's revision after it, as its history shows.
    #[schemars(range(min = 1))]
    revision: i64,
}

struct Undo;

impl Operation for Undo {
    const META: Meta = Meta::new("site.undo", Method::Post, "/sites/{domain}/undo", Need::Has(SitesChange));
    type In = ChangeRef;
    type Out = SiteView;
}

impl Change for Undo {
    fn plan(cx: &Cx, input: ChangeRef) -> Result<Draft> {
        sites::plan_undo(cx.core, input.domain.as_str(), input.revision, cx.request.if_match)
    }

    fn output(core: &Core, target: &str) -> Result<SiteView> {
        sites::show(core, target, Default::default())
    }
}

/// Many sites, and what they should be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchInput {
    /// Whether they are served.
    enabled: bool,
    /// These sites: their domains or ids.
    #[schemars(length(max = 10000), extend("x-flag" = "site"))]
    sites: Option<Vec<SiteName>>,
    /// Every site that the following filter finds, instead of named ones.
    all: Option<bool>,
    /// Of all: part of a domain or alias, in either form.
    #[schemars(length(max = 253))]
    q: Option<String>,
    /// Of all: only this kind.
    kind: Option<SiteKind>,
    /// Of all: only this state.
    state: Option<SiteState>,
}

struct SwitchMany;

impl Operation for SwitchMany {
    const META: Meta = Meta::new("site.switch-many", Method::Post, "/sites/switch", Need::Has(SitesChange));
    type In = SwitchInput;
    type Out = super::Done;
}

impl Change for SwitchMany {
    fn plan(cx: &Cx, input: SwitchInput) -> Result<Draft> {
        let SwitchInput { enabled, sites, all, q, kind, state } = input;
        sites::plan_switch_many(cx.core, &Selection { sites, all, q, kind, state }, enabled)
    }

    fn output(_: &Core, _: &str) -> Result<super::Done> {
        Ok(super::Done {})
    }
}

struct DeleteMany;

impl Operation for DeleteMany {
    const META: Meta =
        Meta::new("site.delete-many", Method::Post, "/sites/delete", Need::Has(SitesDelete)).destructive();
    type In = Selection;
    type Out = super::Done;
}

impl Change for DeleteMany {
    fn plan(cx: &Cx, input: Selection) -> Result<Draft> {
        sites::plan_delete_many(cx.core, &input)
    }

    fn output(_: &Core, _: &str) -> Result<super::Done> {
        Ok(super::Done {})
    }
}
