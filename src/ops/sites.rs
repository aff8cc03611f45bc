//! Operations on sites.

use super::{Change, Cx, Meta, Method, Need, Op, Operation, Read};
use crate::base::Result;
use crate::base::access::Permission::{SitesChange, SitesDelete, SitesRead};
use crate::base::names::SiteName;
use crate::engine::{Core, Draft};
use crate::services::sites::{self, Listing, SiteCreate, SiteFile, SiteQuery, SiteUpdate, SiteView};
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
