//! What a plan is made of.

use crate::base::names::SiteId;
use crate::platform::{NginxChange, SiteTree};
use crate::store::backends::BackendRow;
use crate::store::sites::SiteRow;
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
        /// Its folder below the web root.
        folder: String,
    },
}

/// A change of the desired state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum RowChange {
    /// A new site with its server names.
    SiteInsert {
        /// The row.
        site: Box<SiteRow>,
        /// Every name it answers to.
        names: Vec<String>,
    },
    /// A changed site; `revision` is the one it had.
    SiteUpdate {
        /// The row as it will be.
        site: Box<SiteRow>,
        /// Every name it answers to.
        names: Vec<String>,
        /// Revision the plan was made from.
        revision: i64,
    },
    /// A deleted site.
    SiteDelete {
        /// Its id.
        site: SiteId,
        /// Revision the plan was made from.
        revision: i64,
    },
    /// A new or changed backend.
    BackendPut(BackendRow),
    /// A backend nothing refers to any more.
    BackendDelete {
        /// Its id.
        id: String,
    },
}
