//! Every name a site answers to, each of them once on the whole server.

use super::Tx;
use crate::base::names::Domain;
use crate::base::{Error, Kind, Result};
use crate::values;

/// Gives a site exactly these names, the primary domain first. Error: `site_exists` when another site has one.
pub fn set(tx: &Tx, site_id: &str, names: &[Domain]) -> Result<()> {
    tx.exec("DELETE FROM server_names WHERE site_id = ?", &values![site_id])?;
    for (position, name) in (0i64..).zip(names) {
        let sql = "INSERT INTO server_names (name, unicode_name, site_id, position) VALUES (?, ?, ?, ?)";
        let added = tx.exec(sql, &values![name.ascii(), name.unicode(), site_id, position]);
        added.map_err(|e| match e.code() {
            "row_exists" => Error::new(Kind::Conflict, "site_exists").with("domain", name),
            _ => e,
        })?;
    }
    Ok(())
}

/// Names of a site, the primary domain first.
pub fn of_site(tx: &Tx, site_id: &str) -> Result<Vec<Domain>> {
    let rows = tx.query("SELECT name FROM server_names WHERE site_id = ? ORDER BY position", &values![site_id])?;
    rows.iter().map(|row| row.get::<String>("name")?.parse().map_err(Error::fault)).collect()
}

/// Every name with the id of its site, by site and then the primary domain first.
pub fn all(tx: &Tx) -> Result<Vec<(String, Domain)>> {
    let rows = tx.query("SELECT site_id, name FROM server_names ORDER BY site_id, position", &[])?;
    let read = |row: &super::Row| Ok((row.get("site_id")?, row.get::<String>("name")?.parse().map_err(Error::fault)?));
    rows.iter().map(read).collect()
}

/// The site that has this name.
pub fn site_of(tx: &Tx, name: &Domain) -> Result<Option<String>> {
    let row = tx.one("SELECT site_id FROM server_names WHERE name = ?", &values![name.ascii()])?;
    row.map(|r| r.get("site_id")).transpose()
}
