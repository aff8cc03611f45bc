//! Site folders: made with a starting page, moved to the trash, never deleted by an operation.

use crate::base::names::{Domain, SiteId};
use serde::{Deserialize, Serialize};

/// A new site's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteTree {
    /// The site.
    pub site: SiteId,
    /// Its domain: names the folder below the web root (fixed at creation) and stands on the page.
    pub domain: Domain,
}

impl SiteTree {
    /// The folder's name below the web root.
    pub fn folder(&self) -> &str {
        self.domain.ascii()
    }

    /// The starting page, in both languages.
    pub fn starting_page(&self) -> String {
        include_str!("../../assets/templates/site/index.html").replace("{{domain}}", &escape(&self.domain.unicode()))
    }
}

/// Escapes text for HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
