//! What a change of a site means for the machine.

use super::view::{Loaded, find};
use super::{Options, SiteCreate, SiteKind, SiteState, SiteUpdate, own_ports};
use crate::base::names::{Domain, Name, SiteId};
use crate::base::patch::Patch;
use crate::base::{Error, FieldProblem, Kind, Result, ids};
use crate::engine::change::{Change, RowChange};
use crate::engine::plan::Note;
use crate::engine::{Core, Draft};
use crate::platform::{NginxChange, NginxFile, SiteTree};
use crate::services::nginx::{Serves, SiteSpec, site_file};
use crate::store::backends::Backend;
use crate::store::sites::{self as rows, Site};
use serde_json::{Value, json};

/// A new site.
pub fn plan_create(core: &Core, input: SiteCreate) -> Result<Draft> {
    check_kind(input.kind, input.upstream.is_some())?;
    input.upstream.iter().try_for_each(|upstream| own_ports::refuse(core, upstream))?;
    let aliases = distinct(&input.domain, input.aliases.unwrap_or_default())?;
    let id = SiteId::parse(&ids::new_id("s")?).map_err(Error::fault)?;
    let names = names(&input.domain, &aliases);
    refuse_taken(core, &names, None)?;
    let now = core.now();
    let defaults = Options::default();
    let enabled = input.enabled.unwrap_or(true);
    let options = Options {
        websocket: input.websocket.unwrap_or(defaults.websocket),
        timeout_s: input.timeout_s.unwrap_or(defaults.timeout_s),
        headers: input.headers.unwrap_or_default(),
        max_body_mb: input.max_body_mb,
    };
    let backend = match input.upstream {
        None => None,
        Some(upstream) => Some(Backend {
            id: ids::new_id("b")?,
            upstream: upstream.to_string(),
            name: None,
            created_at: now,
            updated_at: now,
        }),
    };
    let row = Site {
        id: id.to_string(),
        domain: input.domain.clone(),
        kind: input.kind.name().into(),
        enabled,
        state: state(enabled).name().into(),
        root: input.domain.ascii().to_owned(),
        unix_user: "www-data".into(),
        options: serde_json::to_value(&options).map_err(Error::fault)?,
        backend_id: backend.as_ref().map(|b| b.id.clone()),
        revision: 1,
        owner: None,
        problem: None,
        created_at: now,
        updated_at: now,
    };
    let site = Loaded { id: id.clone(), row, names, options, backend };
    let mut draft = Draft {
        target: id.to_string(),
        target_name: input.domain.ascii().to_owned(),
        reserve: site.names.clone(),
        after: summary(&site),
        ..Draft::default()
    };
    if input.kind == SiteKind::Static {
        draft.changes.push(Change::SiteCreate(SiteTree { site: id, domain: input.domain }));
    }
    draft.changes.extend(site.backend.clone().map(|b| Change::Row(RowChange::BackendInsert(b))));
    draft
        .changes
        .push(Change::Row(RowChange::SiteInsert { site: Box::new(site.row.clone()), names: site.names.clone() }));
    draft.changes.push(nginx_change(core, &site)?);
    Ok(draft)
}

/// A changed site.
pub fn plan_update(core: &Core, input: SiteUpdate, seen: Option<i64>) -> Result<Draft> {
    let old = find(core, input.domain.as_str(), seen)?;
    let kind = old.kind()?;
    if kind == SiteKind::Static && input.upstream.is_some() {
        return Err(Error::bad_field(FieldProblem::new("upstream", "only_for_proxy")));
    }
    input.upstream.iter().try_for_each(|upstream| own_ports::refuse(core, upstream))?;
    let domain = match input.new_domain {
        Some(domain) => domain,
        None => old.row.domain.clone(),
    };
    let aliases = match input.aliases {
        Patch::Keep => old.aliases().filter(|a| **a != domain).cloned().collect(),
        Patch::Clear => vec![],
        Patch::Set(aliases) => distinct(&domain, aliases)?,
    };
    let defaults = Options::default();
    let options = Options {
        websocket: input.websocket.apply(old.options.websocket, defaults.websocket),
        timeout_s: input.timeout_s.apply(old.options.timeout_s, defaults.timeout_s),
        headers: input.headers.apply(old.options.headers.clone(), defaults.headers),
        max_body_mb: match input.max_body_mb {
            Patch::Keep => old.options.max_body_mb,
            Patch::Clear => None,
            Patch::Set(mb) => Some(mb),
        },
    };
    let mut new = old.clone();
    new.names = names(&domain, &aliases);
    refuse_taken(core, &new.names, Some(&old.id))?;
    new.row.domain = domain.clone();
    new.row.enabled = input.enabled.unwrap_or(old.row.enabled);
    new.row.options = serde_json::to_value(&options).map_err(Error::fault)?;
    new.options = options;
    if let (Some(backend), Some(upstream)) = (&mut new.backend, input.upstream) {
        backend.upstream = upstream.to_string();
        backend.updated_at = core.now();
    }
    change(core, &old, new, input.discard_drift.unwrap_or(false))
}

/// A site switched on or off.
pub fn plan_enabled(core: &Core, site: &str, enabled: bool, seen: Option<i64>) -> Result<Draft> {
    let old = find(core, site, seen)?;
    let mut new = old.clone();
    new.row.enabled = enabled;
    if old.row.enabled == enabled {
        return Ok(unchanged(&old));
    }
    change(core, &old, new, false)
}

/// A site's nginx file as the panel would have it, whatever was done to it by hand.
pub fn plan_reapply(core: &Core, site: &str, seen: Option<i64>) -> Result<Draft> {
    let old = find(core, site, seen)?;
    let mut new = old.clone();
    new.row.problem = None;
    change(core, &old, new, true)
}

/// A deleted site. Its files go to the trash.
pub fn plan_delete(core: &Core, site: &str, seen: Option<i64>) -> Result<Draft> {
    let old = find(core, site, seen)?;
    let mut draft = unchanged(&old);
    draft.before = summary(&old);
    draft.discard_drift = true;
    draft.changes.push(Change::Nginx(NginxChange { file: NginxFile::Site(old.id.clone()), content: None }));
    if old.kind()? == SiteKind::Static {
        draft
            .changes
            .push(Change::SiteTrash { site: old.id.clone(), folder: old.row.root.parse().map_err(Error::fault)? });
        draft
            .notes
            .push(Note::new("files_in_trash").with("path", core.layout.path(&format!("srv/www/.trash/{}", old.id))));
    }
    draft.changes.push(Change::Row(RowChange::SiteDelete { site: old.id.clone() }));
    draft.changes.extend(old.backend.map(|b| Change::Row(RowChange::BackendDelete { id: b.id })));
    Ok(draft)
}

fn state(enabled: bool) -> SiteState {
    if enabled { SiteState::Active } else { SiteState::Disabled }
}

fn unchanged(site: &Loaded) -> Draft {
    Draft {
        target: site.id.to_string(),
        target_name: site.row.domain.to_string(),
        revisions: vec![(site.id.to_string(), site.row.revision)],
        ..Draft::default()
    }
}

fn change(core: &Core, old: &Loaded, mut new: Loaded, discard_drift: bool) -> Result<Draft> {
    new.row.updated_at = core.now();
    new.row.state = state(new.row.enabled).name().into();
    let mut draft = unchanged(&new);
    draft.before = summary(old);
    draft.after = summary(&new);
    draft.discard_drift = discard_drift;
    draft.reserve = new.names.iter().filter(|n| !old.names.contains(n)).cloned().collect();
    if draft.before == draft.after && !discard_drift {
        return Ok(unchanged(&new));
    }
    if let Some(backend) = new.backend.as_ref().filter(|b| old.backend.as_ref() != Some(b)) {
        draft.changes.push(Change::Row(RowChange::BackendUpdate(backend.clone())));
    }
    draft
        .changes
        .push(Change::Row(RowChange::SiteUpdate { site: Box::new(new.row.clone()), names: new.names.clone() }));
    draft.changes.push(nginx_change(core, &new)?);
    Ok(draft)
}

/// The site's nginx file; none when it is switched off.
fn nginx_change(core: &Core, site: &Loaded) -> Result<Change> {
    let content = if site.row.enabled { Some(render(core, site)?) } else { None };
    Ok(Change::Nginx(NginxChange { file: NginxFile::Site(site.id.clone()), content }))
}

/// The site's nginx file as a tree. Error: `bad_input` at `upstream` when that has become one of the panel's own ports.
pub fn render(core: &Core, site: &Loaded) -> Result<Vec<crate::nginx_syntax::Directive>> {
    let serves = match &site.backend {
        None => Serves::Files { folder: site.row.root.clone() },
        Some(backend) => Serves::Proxy {
            upstream: own_ports::checked(core, backend)?,
            websocket: site.options.websocket,
            timeout_s: site.options.timeout_s,
            headers: site.options.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect(),
        },
    };
    let spec = SiteSpec {
        id: site.id.clone(),
        names: site.names.iter().map(|n| n.ascii().to_owned()).collect(),
        max_body_mb: site.options.max_body_mb,
        serves,
    };
    site_file(&core.layout, core.capabilities()?, &spec)
}

fn check_kind(kind: SiteKind, upstream: bool) -> Result<()> {
    match (kind, upstream) {
        (SiteKind::Proxy, false) => Err(Error::bad_field(FieldProblem::new("upstream", "required"))),
        (SiteKind::Static, true) => Err(Error::bad_field(FieldProblem::new("upstream", "only_for_proxy"))),
        _ => Ok(()),
    }
}

fn distinct(domain: &Domain, aliases: Vec<Domain>) -> Result<Vec<Domain>> {
    let mut seen = vec![domain.clone()];
    let mut problems = Vec::new();
    for (i, alias) in aliases.iter().enumerate() {
        if seen.contains(alias) {
            problems.push(FieldProblem::new(format!("aliases[{i}]"), "name_twice").with("domain", alias.unicode()));
        }
        seen.push(alias.clone());
    }
    if problems.is_empty() { Ok(aliases) } else { Err(Error::bad_input(problems)) }
}

fn names(domain: &Domain, aliases: &[Domain]) -> Vec<Domain> {
    std::iter::once(domain).chain(aliases).cloned().collect()
}

/// nginx only warns about two servers of one name and then ignores one; the panel's own index decides.
fn refuse_taken(core: &Core, names: &[Domain], own: Option<&SiteId>) -> Result<()> {
    for name in names {
        let holder = core.store.read(|tx| rows::by_server_name(tx, name))?;
        if holder.is_some_and(|row| own.is_none_or(|id| row.id != id.as_str())) {
            return Err(Error::new(Kind::Conflict, "site_exists").with("domain", name));
        }
    }
    Ok(())
}

fn summary(site: &Loaded) -> Value {
    json!({
        "domain": site.row.domain,
        "names": site.names,
        "kind": site.row.kind,
        "enabled": site.row.enabled,
        "upstream": site.backend.as_ref().map(|b| &b.upstream),
        "options": site.row.options,
    })
}
