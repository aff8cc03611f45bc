//! What a plan is made of.

use crate::base::names::Domain;
use crate::base::names::SiteId;
use crate::platform::{NginxChange, SiteTree};
use crate::store::backends::Backend;
use crate::store::sites::Site;
use serde::{Deserialize, Serialize};

/// One change. Changes of the machine come into effect first, changes of rows together at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A row of the store.
    Row(RowChange),
    /// A file of the nginx tree.
    Nginx(NginxChange),
    /// A new site's folder.
    SiteCreate(SiteTree),
    /// A site's folder goes to the trash.
    SiteTrash {
        /// The site.
        site: SiteId,
        /// Its folder below the web root: the domain it was created with.
        folder: Domain,
    },
}

/// A change of the desired state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum RowChange {
    /// A new site with its server names.
    SiteInsert {
        /// The row.
        site: Box<Site>,
        /// Every name it answers to, the primary one first.
        names: Vec<Domain>,
    },
    /// A changed site; its `revision` is the one the plan was made from.
    SiteUpdate {
        /// The row as it will be.
        site: Box<Site>,
        /// Every name it answers to, the primary one first.
        names: Vec<Domain>,
    },
    /// A deleted site.
    SiteDelete {
        /// Its id.
        site: SiteId,
    },
    /// A new backend.
    BackendInsert(Backend),
    /// A changed backend.
    BackendUpdate(Backend),
    /// A backend nothing refers to any more.
    BackendDelete {
        /// Its id.
        id: String,
    },
}
