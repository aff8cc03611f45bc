//! Desired state in a file: `plan`, `apply`, `export`. Only what the file names is touched; `prune` deletes only what an
//! earlier file of the same owner made.

use crate::base::limits::{PAGE_ROWS_MAX, STATE_FILE_BYTES_MAX};
use crate::base::names::{Domain, Label};
use crate::base::{Error, FieldProblem, Kind, Result, schema};
use crate::engine::change::{Change, RowChange};
use crate::engine::{Core, Draft};
use crate::services::sites::{self, Header, SiteCreate, SiteKind, SiteQuery, SiteUpdate, SiteView};
use crate::store::sites::{self as rows, SiteFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashSet;

/// Version of the file's format.
const FORMAT: i64 = 1;

/// A whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[expect(dead_code, reason = "its schema is the check")]
    manara: i64,
    /// Who these objects belong to; what `prune` may delete.
    owner: Option<Label>,
    /// The sites.
    #[serde(default)]
    #[schemars(length(max = 20000))]
    site: Vec<Site>,
}

/// A site in a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Site {
    domain: Domain,
    kind: SiteKind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    aliases: Vec<Domain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<crate::base::names::Upstream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    websocket: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86400))]
    timeout_s: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10240))]
    max_body_mb: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    headers: Vec<Header>,
}

/// The plan that brings the machine to what `text` says; empty when it is there already.
pub fn plan(core: &Core, text: &str, prune: bool) -> Result<Draft> {
    let document = read(text)?;
    let owner = document.owner.as_ref().map(Label::to_string);
    if prune && owner.is_none() {
        return Err(Error::bad_field(FieldProblem::new("owner", "required")));
    }
    let mut whole = Draft {
        target: "state".into(),
        target_name: owner.clone().unwrap_or_else(|| "state".into()),
        ..Draft::default()
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut named = HashSet::new();
    for site in &document.site {
        let part = plan_site(core, site, owner.as_deref())?;
        named.insert(site.domain.ascii().to_owned());
        before.push(part.before.clone());
        after.push(part.after.clone());
        whole.absorb(part);
    }
    if let Some(owner) = owner.as_deref().filter(|_| prune) {
        for domain in domains_of(core, owner)?.difference(&named) {
            let part = sites::plan_delete(core, domain, None)?;
            before.push(part.before.clone());
            whole.absorb(part);
        }
    }
    whole.before = before.into_iter().filter(|v| !v.is_null()).collect();
    whole.after = after.into_iter().filter(|v| !v.is_null()).collect();
    Ok(whole)
}

/// Domains of the sites that an earlier file of `owner` made.
fn domains_of(core: &Core, owner: &str) -> Result<HashSet<String>> {
    let filter = SiteFilter { owner: Some(owner), ..SiteFilter::default() };
    let (mut domains, mut cursor) = (HashSet::new(), None);
    loop {
        let order = (rows::SiteSort::Domain, false);
        let page = core.store.read(|tx| rows::list(tx, &filter, order, cursor.as_deref(), PAGE_ROWS_MAX))?;
        domains.extend(page.rows.into_iter().map(|site| site.domain.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(domains);
        }
    }
}

fn read(text: &str) -> Result<Document> {
    if text.len() > STATE_FILE_BYTES_MAX {
        return Err(Error::new(Kind::TooLarge, "state_too_large").with("max", STATE_FILE_BYTES_MAX));
    }
    let table: toml::Table = toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(1, |s| text.get(..s.start).unwrap_or("").lines().count().max(1));
        Error::new(Kind::BadInput, "state_syntax").with("line", line).with("reason", e.message())
    })?;
    let value = serde_json::to_value(table).map_err(Error::fault)?;
    let mut problems = schema::problems(&schema::of::<Document>(), &value);
    problems.extend(doubled(&value));
    if !problems.is_empty() {
        return Err(Error::bad_input(problems));
    }
    serde_json::from_value(value).map_err(|e| Error::new(Kind::BadInput, "bad_input").cause(e))
}

/// Names that two sites of the file claim.
fn doubled(value: &Value) -> Vec<FieldProblem> {
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    for (i, site) in value.get("site").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let aliases = site.get("aliases").and_then(Value::as_array).into_iter().flatten();
        for name in site.get("domain").into_iter().chain(aliases).filter_map(Value::as_str) {
            let Ok(domain) = name.parse::<Domain>() else { continue };
            if !seen.insert(domain.ascii().to_owned()) {
                problems.push(FieldProblem::new(format!("site[{i}]"), "name_twice").with("domain", name));
            }
        }
    }
    problems
}

fn plan_site(core: &Core, site: &Site, owner: Option<&str>) -> Result<Draft> {
    let mut part = match sites::find(core, site.domain.ascii(), None) {
        Ok(_) => plan_existing(core, site)?,
        Err(e) if e.kind() == Kind::NotFound => plan_new(core, site)?,
        Err(e) => return Err(e),
    };
    for change in &mut part.changes {
        if let (Change::Row(RowChange::SiteInsert { site, .. } | RowChange::SiteUpdate { site, .. }), Some(owner)) =
            (change, owner)
        {
            site.owner = Some(owner.to_owned());
        }
    }
    Ok(part)
}

fn plan_new(core: &Core, site: &Site) -> Result<Draft> {
    let input = SiteCreate {
        domain: site.domain.clone(),
        kind: site.kind,
        aliases: Some(site.aliases.clone()),
        upstream: site.upstream.clone(),
        websocket: site.websocket,
        timeout_s: site.timeout_s,
        headers: Some(site.headers.clone()),
        max_body_mb: site.max_body_mb,
        enabled: site.enabled,
    };
    sites::plan_create(core, input)
}

fn plan_existing(core: &Core, site: &Site) -> Result<Draft> {
    let existing = sites::show(core, site.domain.ascii(), Default::default())?;
    if existing.kind != site.kind {
        let problem = FieldProblem::new("kind", "kind_fixed").with("domain", &site.domain);
        return Err(Error::bad_field(problem));
    }
    // Through JSON, as the API takes it: absent means "the default" here, which is what null says there.
    let patch = json!({
        "domain": existing.id,
        "new_domain": site.domain,
        "aliases": site.aliases,
        "upstream": site.upstream,
        "websocket": site.websocket,
        "timeout_s": site.timeout_s,
        "max_body_mb": site.max_body_mb,
        "headers": site.headers,
        "enabled": site.enabled.unwrap_or(true),
    });
    let update: SiteUpdate = serde_json::from_value(patch).map_err(Error::fault)?;
    sites::plan_update(core, update, None)
}

/// The sites as a file that `apply` understands; applied, it changes nothing.
pub fn export(core: &Core) -> Result<String> {
    let mut sites = Vec::new();
    let mut cursor = None;
    loop {
        let query = SiteQuery { limit: Some(500), cursor, ..SiteQuery::default() };
        let page = sites::list(core, &query, Default::default())?;
        sites.extend(page.items.into_iter().map(exported).collect::<Result<Vec<_>>>()?);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let value = json!({ "manara": FORMAT, "site": sites });
    toml::to_string_pretty(&value).map_err(Error::fault)
}

fn exported(site: SiteView) -> Result<Site> {
    let parse = |name: &str| name.parse::<Domain>().map_err(Error::fault);
    Ok(Site {
        domain: parse(&site.domain)?,
        kind: site.kind,
        aliases: site.aliases.iter().map(|a| parse(&a.domain)).collect::<Result<_>>()?,
        upstream: site.upstream,
        enabled: (!site.enabled).then_some(false),
        websocket: site.websocket.filter(|w| !w),
        timeout_s: site.timeout_s.filter(|t| *t != sites::Options::default().timeout_s),
        max_body_mb: site.max_body_mb,
        headers: site.headers,
    })
}
