//! Reading sites.

use super::{NameView, Options, ProblemView, SiteKind, SiteState, SiteView};
use crate::base::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use crate::base::locale::Lang;
use crate::base::names::{Domain, Name, SiteId};
use crate::base::{Error, Kind, Result, diff};
use crate::engine::{Core, gate};
use crate::platform::NginxFile;
use crate::store::backends::{self, Backend};
use crate::store::server_names;
use crate::store::sites::{self as rows, Site};
use crate::store::{Tx, managed_files};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A site with all that belongs to it.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub(super) id: SiteId,
    pub(super) row: Site,
    /// Every name, the primary one first.
    pub(super) names: Vec<Domain>,
    pub(super) options: Options,
    pub(super) backend: Option<Backend>,
}

impl Loaded {
    pub(super) fn kind(&self) -> Result<SiteKind> {
        serde_json::from_value(self.row.kind.as_str().into()).map_err(Error::fault)
    }

    pub(super) fn aliases(&self) -> impl Iterator<Item = &Domain> {
        self.names.iter().skip(1)
    }
}

/// The site that `reference` (its id, or any of its domains, in either form) names. With `seen`, it must still have that
/// revision.
pub fn find(core: &Core, reference: &str, seen: Option<i64>) -> Result<Loaded> {
    let missing = || Error::new(Kind::NotFound, "site_not_found").with("site", reference);
    core.store.read(|tx| {
        let row = match SiteId::parse(reference) {
            Ok(id) => rows::by_id(tx, id.as_str())?,
            Err(_) => rows::by_server_name(tx, &Domain::parse(reference).map_err(|_| missing())?)?,
        };
        let row = row.ok_or_else(missing)?;
        if seen.is_some_and(|revision| revision != row.revision) {
            return Err(Error::new(Kind::Stale, "site_changed").with("site", &row.domain));
        }
        load(tx, row)
    })
}

fn load(tx: &Tx, row: Site) -> Result<Loaded> {
    Ok(Loaded {
        id: SiteId::parse(&row.id).map_err(Error::fault)?,
        names: server_names::of_site(tx, &row.id)?,
        options: serde_json::from_value(row.options.clone()).map_err(Error::fault)?,
        backend: row.backend_id.as_deref().map(|id| backends::by_id(tx, id)).transpose()?.flatten(),
        row,
    })
}

/// A site as readers of `lang` see it.
pub fn show(core: &Core, reference: &str, lang: Lang) -> Result<SiteView> {
    view(core, find(core, reference, None)?, lang)
}

fn view(core: &Core, site: Loaded, lang: Lang) -> Result<SiteView> {
    let kind = site.kind()?;
    let proxy = kind == SiteKind::Proxy;
    let problem: Option<Error> =
        site.row.problem.clone().map(serde_json::from_value).transpose().map_err(Error::fault)?;
    Ok(SiteView {
        name: site.row.domain.unicode(),
        aliases: site.aliases().map(|n| NameView { domain: n.to_string(), name: n.unicode() }).collect(),
        kind,
        enabled: site.row.enabled,
        state: state(&site.row)?,
        drifted: core.drifted.has(&site.row.id),
        document_root: (!proxy).then(|| core.layout.document_root(&site.row.root)),
        upstream: site.backend.map(|b| b.upstream.parse()).transpose().map_err(Error::fault)?,
        websocket: proxy.then_some(site.options.websocket),
        timeout_s: proxy.then_some(site.options.timeout_s),
        headers: site.options.headers,
        max_body_mb: site.options.max_body_mb,
        url: core.layout.url(site.row.domain.ascii(), false),
        https_url: core.layout.url(site.row.domain.ascii(), true),
        revision: site.row.revision,
        created_at: site.row.created_at,
        updated_at: site.row.updated_at,
        problem: problem.map(|e| ProblemView {
            code: e.code().to_owned(),
            detail: e.text(lang),
            evidence: e.shown_evidence().map(str::to_owned),
        }),
        id: site.row.id,
        domain: site.row.domain.to_string(),
    })
}

fn state(row: &Site) -> Result<SiteState> {
    serde_json::from_value(row.state.as_str().into()).map_err(Error::fault)
}

/// Which sites, and in which order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteQuery {
    /// Part of a domain or alias, in either form.
    #[schemars(length(max = 253))]
    pub q: Option<String>,
    /// Only this kind.
    pub kind: Option<SiteKind>,
    /// Only this state.
    pub state: Option<SiteState>,
    /// Order; a leading `-` turns it around.
    pub sort: Option<SiteSort>,
    /// Rows of a page.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    #[schemars(length(max = 1024))]
    pub cursor: Option<String>,
}

/// Order of a list of sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SiteSort {
    /// By domain.
    #[serde(rename = "domain")]
    Domain,
    /// By domain, backwards.
    #[serde(rename = "-domain")]
    DomainDown,
    /// Oldest first.
    #[serde(rename = "created_at")]
    Created,
    /// Newest first.
    #[serde(rename = "-created_at")]
    CreatedDown,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Latest changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDown,
}

/// One page of sites.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "SiteList")]
pub struct Listing {
    /// The sites.
    pub items: Vec<SiteView>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// How many sites the query finds.
    pub total: i64,
}

/// A site's nginx file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SiteFile {
    /// Path on the machine.
    pub file: String,
    /// What the panel applied last.
    pub applied: Option<String>,
    /// What is there.
    pub current: Option<String>,
    /// Whether somebody changed it by hand.
    pub drift: bool,
    /// From what was applied to what is there, as a unified diff.
    pub diff: String,
}

impl SiteQuery {
    fn filter(&self) -> rows::SiteFilter<'_> {
        rows::SiteFilter {
            q: self.q.as_deref(),
            kind: self.kind.map(SiteKind::name),
            state: self.state.map(SiteState::name),
            ..rows::SiteFilter::default()
        }
    }
}

/// Ids of every site that the query finds, in the order of their domains.
pub(super) fn ids(core: &Core, query: &SiteQuery) -> Result<Vec<String>> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let order = order(None);
        let page = core.store.read(|tx| rows::list(tx, &query.filter(), order, cursor.as_deref(), PAGE_ROWS_MAX))?;
        found.extend(page.rows.into_iter().map(|site| site.id));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

/// One page of sites.
pub fn list(core: &Core, query: &SiteQuery, lang: Lang) -> Result<Listing> {
    let filter = query.filter();
    let limit = query.limit.unwrap_or(PAGE_ROWS_DEFAULT);
    let (page, total) = core.store.read(|tx| {
        let page = rows::list(tx, &filter, order(query.sort), query.cursor.as_deref(), limit)?;
        let sites = page.rows.into_iter().map(|row| load(tx, row)).collect::<Result<Vec<_>>>()?;
        Ok(((sites, page.next), rows::count(tx, &filter)?))
    })?;
    let items = page.0.into_iter().map(|site| view(core, site, lang)).collect::<Result<_>>()?;
    Ok(Listing { items, next: page.1, total })
}

fn order(sort: Option<SiteSort>) -> (rows::SiteSort, bool) {
    match sort.unwrap_or(SiteSort::Domain) {
        SiteSort::Domain => (rows::SiteSort::Domain, false),
        SiteSort::DomainDown => (rows::SiteSort::Domain, true),
        SiteSort::Created => (rows::SiteSort::CreatedAt, false),
        SiteSort::CreatedDown => (rows::SiteSort::CreatedAt, true),
        SiteSort::Updated => (rows::SiteSort::UpdatedAt, false),
        SiteSort::UpdatedDown => (rows::SiteSort::UpdatedAt, true),
    }
}

/// The nginx file of a site.
pub fn file(core: &Core, reference: &str) -> Result<SiteFile> {
    let site = find(core, reference, None)?;
    let file = NginxFile::Site(site.id);
    let rel = file.rel();
    let applied = core.store.read(|tx| managed_files::get(tx, &rel))?.map(|f| f.body);
    let current = gate::read_file(core.host.as_ref(), &file)?;
    Ok(SiteFile {
        file: core.layout.path(&format!("etc/nginx/{rel}")),
        drift: applied != current,
        diff: diff::unified(&rel, applied.as_deref(), current.as_deref()),
        applied,
        current,
    })
}
