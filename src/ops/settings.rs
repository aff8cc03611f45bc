//! The panel's options: all are shown, those whose home is the store are changed here.

use super::guard::GuardView;
use super::{Act, Acted, Cx, Meta, Method, Need, Nothing, Op, Operation, Read};
use crate::base::access::Permission::{SystemChange, SystemRead};
use crate::base::locale::{self, Lang};
use crate::base::{self, Error, FieldProblem, Result};
use crate::config::options::{self, Home, Opt};
use crate::config::value::{Kind, LIST_ITEMS_MAX, Reason, TEXT_BYTES_MAX, Value};
use crate::config::{ConfigProblems, Origin, Problem, Profile, Setting, Shown};
use crate::engine::settings::Resolved;
use crate::engine::{Core, guard};
use crate::platform::nginx::sha256_hex;
use crate::store::{Tx, settings as rows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;

pub(super) const OPS: &[Op] = &[Op::read::<List>(), Op::act::<Update>()];

/// An option.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SettingView {
    /// Value, where it came from, and what it is.
    #[serde(flatten)]
    shown: Shown,
    /// Value without anybody's doing.
    default: Value,
    /// Whether it can be changed here.
    changeable: bool,
    /// Whether a change is taken back unless it is confirmed over the new path within a minute.
    guarded: bool,
    /// Least value of a number.
    min: Option<i64>,
    /// Greatest value of a number.
    max: Option<i64>,
    /// The values there are.
    choices: Vec<&'static str>,
    /// What it does.
    text: String,
    /// Where the value came from, in words.
    source_text: String,
}

/// The options.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SettingList {
    /// In the order of the reference.
    items: Vec<SettingView>,
    /// Stands for what is stored: another number as soon as one value is another.
    revision: i64,
}

fn view(setting: &Setting, profile: Profile, lang: Lang) -> SettingView {
    let opt = setting.opt;
    let text = opt.default_in(profile);
    let (min, max) = match opt.kind {
        Kind::Integer { min, max } => (Some(min), Some(max)),
        _ => (None, None),
    };
    SettingView {
        shown: Shown::from(setting),
        // The default of one option names another one and is shown as it stands in the table.
        default: opt.kind.read(text).unwrap_or_else(|_| Value::Text(text.to_owned())),
        changeable: opt.home == Home::Store,
        guarded: opt.guarded,
        min,
        max,
        choices: if let Kind::Choice(words) = opt.kind { words.to_vec() } else { vec![] },
        text: locale::text::<&str>(lang, &opt.doc_key(), &[]),
        source_text: setting.origin.text(lang),
    }
}

fn list(core: &Core, resolved: &Resolved, lang: Lang) -> Vec<SettingView> {
    resolved.all.iter().map(|s| view(s, core.config.profile, lang)).collect()
}

/// A number for the stored values, made of the values themselves: 32 bits of their SHA-256.
fn revision(tx: &Tx) -> Result<i64> {
    let mut stored = guard::stored(tx)?;
    stored.retain(|key, _| options::find(key).is_some());
    let stored = serde_json::to_vec(&stored).map_err(Error::fault)?;
    i64::from_str_radix(&sha256_hex(&stored)[..8], 16).map_err(Error::fault)
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("setting.list", Method::Get, "/settings", Need::Has(SystemRead)).stored();
    type In = Nothing;
    type Out = SettingList;
}

impl Read for List {
    fn read(cx: &Cx, _: Nothing) -> Result<SettingList> {
        let now = cx.core.settings.now(&cx.core.store)?;
        Ok(SettingList { items: list(cx.core, &now, cx.request.lang), revision: cx.core.store.read(revision)? })
    }
}

/// New values by key; `null` goes back to the default.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Patch(Map<String, Json>);

impl JsonSchema for Patch {
    fn schema_name() -> Cow<'static, str> {
        "SettingsPatch".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let stored = options::ALL.iter().filter(|opt| opt.home == Home::Store);
        let properties: Map<String, Json> = stored.map(|opt| (opt.key.to_owned(), schema_of(opt))).collect();
        schemars::json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

/// `null` is the way back to the default, which `x-clear` tells the command line.
fn schema_of(opt: &Opt) -> Json {
    let mut schema = match opt.kind {
        Kind::Bool => json!({ "type": ["boolean", "null"] }),
        Kind::Integer { min, max } => json!({ "type": ["integer", "null"], "minimum": min, "maximum": max }),
        Kind::Networks { .. } | Kind::Names => {
            let item = json!({ "type": "string", "maxLength": TEXT_BYTES_MAX });
            json!({ "type": ["array", "null"], "items": item, "maxItems": LIST_ITEMS_MAX })
        }
        _ => json!({ "type": ["string", "null"], "maxLength": TEXT_BYTES_MAX }),
    };
    schema["description"] = locale::text::<&str>(Lang::En, &opt.doc_key(), &[]).into();
    schema["x-clear"] = true.into();
    schema
}

/// What became of a change.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Updated {
    /// The options, in the order of the reference.
    items: Vec<SettingView>,
    /// As in the list.
    revision: i64,
    /// The change, when it is taken back unless somebody confirms it.
    guard: Option<GuardView>,
    /// Options whose new value is stored and does not count in this run, which a flag or a variable overrides.
    overridden: Vec<String>,
}

struct Update;

impl Operation for Update {
    const META: Meta = Meta::new("setting.update", Method::Patch, "/settings", Need::Has(SystemChange));
    type In = Patch;
    type Out = Updated;
}

impl Act for Update {
    /// The values that were given, read.
    type Ready = Vec<(&'static Opt, Option<Value>)>;

    fn about(_: &Cx, input: &Patch) -> Result<String> {
        Ok(input.0.keys().cloned().collect::<Vec<_>>().join(" "))
    }

    fn prepare(_: &Cx, input: &Patch) -> Result<Self::Ready> {
        let mut problems = Vec::new();
        let mut values = Vec::new();
        for (key, value) in &input.0 {
            match accept(key, value) {
                Ok(accepted) => values.push(accepted),
                Err(reason) => problems.push(Problem::of_value(Origin::Store, key, value.to_string(), reason)),
            }
        }
        Ok(ConfigProblems(problems).or_ok(values)?)
    }

    fn act(cx: &Cx, tx: &Tx, input: Patch, values: Self::Ready) -> Result<Acted<Updated>> {
        let core: &Core = cx.core;
        let keys: Vec<&str> = values.iter().map(|(opt, _)| opt.key).collect();
        refuse_unseen(cx, tx)?;
        guard::refuse_second(core, tx, &keys)?;
        let (former, before) = (guard::stored(tx)?, core.settings.inside(tx)?);
        for (opt, value) in &values {
            match value {
                Some(value) => rows::put(tx, opt.key, &json!(value.to_string()), &cx.actor.shown(), core.now())?,
                None => drop(rows::delete(tx, opt.key)?),
            }
        }
        let after = core.settings.inside(tx)?;
        keep_the_caller_in(cx, &input, &after)?;
        let open = guard::begin(core, tx, cx.actor, &former, (&before, &after))?;
        let named = |resolved: &Resolved| -> Json {
            let of_input = resolved.all.iter().filter(|s| input.0.contains_key(s.opt.key));
            of_input.map(|s| (s.opt.key.to_owned(), json!(Shown::from(s).value))).collect::<Map<_, _>>().into()
        };
        let in_this_run = |s: &&Setting| !matches!(s.origin, Origin::Store | Origin::Default);
        let overridden = after.all.iter().filter(in_this_run).filter(|s| input.0.contains_key(s.opt.key));
        let out = Updated {
            items: list(core, &after, cx.request.lang),
            revision: revision(tx)?,
            guard: GuardView::inside(cx, tx, &after)?,
            overridden: overridden.map(|s| s.opt.key.to_owned()).collect(),
        };
        let acted = Acted::new(out, "settings").changed(named(&before), named(&after));
        let engine = cx.core.clone();
        Ok(match open {
            Some(open) => acted.then(move |_| guard::begun(&engine, open)),
            None => acted.then(|core| core.settings.changed(&core.store)),
        })
    }
}

/// An address for the panel to listen on, as it is stored.
pub(super) fn address(text: &str) -> Result<String> {
    let problem = |reason| Problem::of_value(Origin::Store, "panel.listen", text.to_owned(), reason);
    let accepted = accept("panel.listen", &text.into()).map_err(|reason| ConfigProblems(vec![problem(reason)]))?;
    Ok(accepted.1.map(|value| value.to_string()).unwrap_or_default())
}

/// The option and its value; `None` for the default.
fn accept(key: &str, value: &Json) -> Result<(&'static Opt, Option<Value>), Reason> {
    let known = options::find(key).filter(|opt| opt.home == Home::Store);
    let opt = known.ok_or_else(|| Reason::new("option.unknown"))?;
    if value.is_null() {
        return Ok((opt, None));
    }
    let shape: Value = serde_json::from_value(value.clone()).map_err(|_| opt.kind.wrong_shape())?;
    Ok((opt, Some(opt.kind.accept(shape)?)))
}

/// Refuses a change for values that are no longer those that the caller saw, where the caller said which.
fn refuse_unseen(cx: &Cx, tx: &Tx) -> Result<()> {
    let found = revision(tx)?;
    match cx.request.if_match {
        Some(seen) if seen != found => {
            Err(Error::new(base::Kind::Stale, "revision_stale").with("expected", seen).with("found", found))
        }
        _ => Ok(()),
    }
}

/// Refuses a list of allowed addresses that would shut its author out. The guard would take it back as well, after a
/// minute in which nobody gets in; the console, which the list does not hold for, may try it.
fn keep_the_caller_in(cx: &Cx, input: &Patch, after: &Resolved) -> Result<()> {
    const KEY: &str = "panel.allowed_addresses";
    let allowed = &after.panel.allowed_addresses;
    match cx.request.address {
        Some(own) if input.0.contains_key(KEY) && !allowed.is_empty() && !allowed.iter().any(|n| n.contains(own)) => {
            Err(Error::bad_field(FieldProblem::new(KEY, "shuts_you_out").with("address", own)))
        }
        _ => Ok(()),
    }
}
