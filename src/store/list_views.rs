//! Views of lists that users keep under a name: filters and order as the address of the page has them.

use super::{Row, Tx, rows};
use crate::base::clock::Time;
use crate::base::limits::LIST_VIEWS_PER_USER_MAX;
use crate::base::{Error, Kind, Result};
use crate::values;

const SELECT: &str = "SELECT id, user_id, page, name, query, created_at FROM list_views";

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListView {
    /// Id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Which list: `sites`, `jobs`, …
    pub page: String,
    /// What its owner calls it.
    pub name: String,
    /// The query of the page's address, without the question mark.
    pub query: String,
    /// When it was made.
    pub created_at: Time,
}

fn read(row: &Row) -> Result<ListView> {
    Ok(ListView {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        page: row.get("page")?,
        name: row.get("name")?,
        query: row.get("query")?,
        created_at: row.get("created_at")?,
    })
}

/// Adds a view. Errors: `view_exists` when its owner has one of that name on that page, `too_many_views`.
pub fn insert(tx: &Tx, view: &ListView) -> Result<()> {
    let ListView { id, user_id, page, name, query, created_at } = view;
    if tx.count("SELECT COUNT(*) FROM list_views WHERE user_id = ?", &values![user_id])? >= LIST_VIEWS_PER_USER_MAX {
        return Err(Error::new(Kind::Conflict, "too_many_views").with("max", LIST_VIEWS_PER_USER_MAX));
    }
    let sql = "INSERT INTO list_views (id, user_id, page, name, query, created_at) VALUES (?, ?, ?, ?, ?, ?)";
    let added = tx.exec(sql, &values![id, user_id, page, name, query, *created_at]);
    added.map(drop).map_err(|e| match e.code() {
        "row_exists" => Error::new(Kind::Conflict, "view_exists").with("name", name),
        _ => e,
    })
}

/// The views of a user, by name.
pub fn of_user(tx: &Tx, user_id: &str) -> Result<Vec<ListView>> {
    rows::all(&tx.query(&format!("{SELECT} WHERE user_id = ? ORDER BY page, name"), &values![user_id])?, read)
}

/// The user's own view with this id.
pub fn by_id(tx: &Tx, user_id: &str, id: &str) -> Result<Option<ListView>> {
    rows::first(tx.one(&format!("{SELECT} WHERE user_id = ? AND id = ?"), &values![user_id, id])?, read)
}

/// Removes a view; `false` when there was none.
pub fn delete(tx: &Tx, id: &str) -> Result<bool> {
    tx.exec_one("DELETE FROM list_views WHERE id = ?", &values![id])
}

/// Removes all views of a user who is to be deleted.
pub(super) fn delete_of_user(tx: &Tx, user_id: &str) -> Result<()> {
    tx.exec("DELETE FROM list_views WHERE user_id = ?", &values![user_id]).map(drop)
}
