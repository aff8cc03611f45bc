//! Sites.

use super::page::{self, Conditions, Order, Page, order};
use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::names::Domain;
use crate::base::{Error, Kind, Result};
use crate::values;
use serde::{Deserialize, Serialize};

const SELECT: &str = "SELECT id, domain, kind, enabled, state, root, unix_user, options, backend_id, revision, owner, \
                      problem, created_at, updated_at FROM sites";

/// A site. Its names, the domain among them, are rows of [`super::server_names`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Id, for good.
    pub id: String,
    /// Primary domain.
    pub domain: Domain,
    /// `static`, `proxy`, …
    pub kind: String,
    /// Whether it is to be served.
    pub enabled: bool,
    /// `active`, `disabled` or `quarantined`.
    pub state: String,
    /// Document root, fixed at creation.
    pub root: String,
    /// The account its programs run as.
    pub unix_user: String,
    /// Everything its kind needs.
    pub options: serde_json::Value,
    /// Where a proxy sends its requests.
    pub backend_id: Option<String>,
    /// Counts the changes, from 1.
    pub revision: i64,
    /// The apply file it belongs to.
    pub owner: Option<String>,
    /// Why it is quarantined.
    pub problem: Option<serde_json::Value>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SiteSort {
    /// The primary domain.
    #[default]
    Domain,
    /// When it was made.
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
}

/// Which sites are wanted; an absent part does not limit.
#[derive(Debug, Clone, Default)]
pub struct SiteFilter<'a> {
    /// This text in the domain or an alias, in its punycode or Unicode form.
    pub q: Option<&'a str>,
    /// This kind.
    pub kind: Option<&'a str>,
    /// This state.
    pub state: Option<&'a str>,
    /// Enabled or not.
    pub enabled: Option<bool>,
    /// From this apply file.
    pub owner: Option<&'a str>,
}

fn read(row: &Row) -> Result<Site> {
    Ok(Site {
        id: row.get("id")?,
        domain: row.get::<String>("domain")?.parse().map_err(Error::fault)?,
        kind: row.get("kind")?,
        enabled: row.get("enabled")?,
        state: row.get("state")?,
        root: row.get("root")?,
        unix_user: row.get("unix_user")?,
        options: row.json("options")?,
        backend_id: row.get("backend_id")?,
        revision: row.get("revision")?,
        owner: row.get("owner")?,
        problem: row.json_opt("problem")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// Adds a site. Error: `site_exists` when the domain is taken.
pub fn insert(tx: &Tx, site: &Site) -> Result<()> {
    let sql = "INSERT INTO sites (id, domain, kind, enabled, state, root, unix_user, options, backend_id, revision, \
               owner, problem, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Site { id, kind, enabled, state, root, unix_user, options, backend_id, revision, owner, .. } = site;
    let (domain, problem) = (site.domain.ascii(), site.problem.as_ref());
    let mut values =
        values![id, domain, kind, *enabled, state, root, unix_user, options, backend_id, *revision].to_vec();
    values.extend(values![owner, problem, site.created_at, site.updated_at]);
    tx.exec(sql, &values).map_err(|e| taken(e, &site.domain)).map(drop)
}

/// Writes everything of `site` that can change; its `revision` is the one that was read. Answers the new revision.
/// Errors: `site_exists`, `revision_stale`, `row_missing`.
pub fn update(tx: &Tx, site: &Site) -> Result<i64> {
    let sql = "UPDATE sites SET domain = ?, kind = ?, enabled = ?, state = ?, root = ?, options = ?, backend_id = ?, \
               owner = ?, problem = ?, updated_at = ?, revision = revision + 1 WHERE id = ? AND revision = ?";
    let Site { id, kind, enabled, state, root, options, backend_id, owner, revision, .. } = site;
    let (domain, problem) = (site.domain.ascii(), site.problem.as_ref());
    let mut values = values![domain, kind, *enabled, state, root, options, backend_id, owner, problem].to_vec();
    values.extend(values![site.updated_at, id, *revision]);
    if tx.exec_one(sql, &values).map_err(|e| taken(e, &site.domain))? {
        return Ok(revision + 1);
    }
    Err(rows::stale(tx, "SELECT revision FROM sites WHERE id = ?", id, *revision))
}

/// Removes a site with its names and its history; `false` when there was none. Error: `row_in_use` while files belong to it.
pub fn delete(tx: &Tx, id: &str) -> Result<bool> {
    super::server_names::set(tx, id, &[])?;
    super::site_changes::forget(tx, id)?;
    tx.exec_one("DELETE FROM sites WHERE id = ?", &values![id])
}

/// The site with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Site>> {
    rows::first(tx.one(&format!("{SELECT} WHERE id = ?"), &values![id])?, read)
}

/// The site that has this name as its domain or an alias.
pub fn by_server_name(tx: &Tx, name: &Domain) -> Result<Option<Site>> {
    let sql = format!("{SELECT} WHERE id = (SELECT site_id FROM server_names WHERE name = ?)");
    rows::first(tx.one(&sql, &values![name.ascii()])?, read)
}

/// One page of the sites that match.
pub fn list(
    tx: &Tx,
    filter: &SiteFilter<'_>,
    (sort, descending): (SiteSort, bool),
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<Site>> {
    page::page(tx, SELECT, conditions(filter), by(sort, descending), (cursor, limit), read)
}

/// How many sites match.
pub fn count(tx: &Tx, filter: &SiteFilter<'_>) -> Result<i64> {
    conditions(filter).count(tx, "sites")
}

fn by(sort: SiteSort, descending: bool) -> Order {
    match (sort, descending) {
        (SiteSort::Domain, false) => order!("domain", "id", asc),
        (SiteSort::Domain, true) => order!("domain", "id", desc),
        (SiteSort::CreatedAt, false) => order!("created_at", "id", asc),
        (SiteSort::CreatedAt, true) => order!("created_at", "id", desc),
        (SiteSort::UpdatedAt, false) => order!("updated_at", "id", asc),
        (SiteSort::UpdatedAt, true) => order!("updated_at", "id", desc),
    }
}

fn conditions(filter: &SiteFilter<'_>) -> Conditions {
    let mut wanted = Conditions::default();
    wanted.add_some("kind = ?", filter.kind);
    wanted.add_some("state = ?", filter.state);
    wanted.add_some("enabled = ?", filter.enabled);
    wanted.add_some("owner = ?", filter.owner);
    if let Some(text) = filter.q {
        let sql = "id IN (SELECT site_id FROM server_names \
                   WHERE name LIKE ? ESCAPE '!' OR unicode_name LIKE ? ESCAPE '!')";
        wanted.add(sql, std::iter::repeat_n(page::like(text).into(), 2));
    }
    wanted
}

fn taken(error: Error, domain: &Domain) -> Error {
    if error.code() == "row_exists" && error.param("columns").is_some_and(|c| c.contains("domain")) {
        return Error::new(Kind::Conflict, "site_exists").with("domain", domain);
    }
    error
}

#[cfg(test)]
mod tests;
