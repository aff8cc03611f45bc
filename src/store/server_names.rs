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
