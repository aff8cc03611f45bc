//! Plans: what an operation wants to change, complete, before anything is changed.

use super::change::Change;
use crate::base::clock::Time;
use crate::base::error::Params;
use crate::base::limits::PLAN_CHANGES_SHOWN_MAX;
use crate::base::locale::{self, Lang};
use crate::base::names::{Domain, ObjectId};
use crate::platform::{NginxFile, TestReport};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A remark on a plan that does not stop it: a key below `note.` in the catalogue with parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The key.
    pub code: String,
    /// Parameters of the text.
    pub params: Params,
}

/// What a service wants to change. The engine makes a [`Plan`] of it.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Id of the object it is about; `output` of the operation reads it again afterwards.
    pub target: String,
    /// How people know the object.
    pub target_name: String,
    /// The changes, in the order they take effect.
    pub changes: Vec<Change>,
    /// Server names that no other plan may take meanwhile.
    pub reserve: Vec<Domain>,
    /// Revisions of the rows it was made from: `(site id, revision)`.
    pub revisions: Vec<(String, i64)>,
    /// Remarks.
    pub notes: Vec<Note>,
    /// The object before and after, for the audit trail.
    pub before: Value,
    /// See `before`.
    pub after: Value,
    /// Files that may be replaced although somebody changed them by hand.
    pub discard_drift: bool,
    /// The `nginx.conf` of others that takes the place of ours when a change deletes ours.
    pub returns: Option<String>,
}

/// A plan as it is kept: with every byte that will be written, and what it was made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: ObjectId,
    /// The operation that made it.
    pub operation: String,
    /// See [`Draft::target`].
    pub target: String,
    /// See [`Draft::target_name`].
    pub target_name: String,
    /// See [`Draft::changes`].
    pub changes: Vec<Change>,
    /// See [`Draft::reserve`].
    pub reserve: Vec<Domain>,
    /// See [`Draft::revisions`].
    pub revisions: Vec<(String, i64)>,
    /// See [`Draft::notes`].
    pub notes: Vec<Note>,
    /// See [`Draft::before`].
    pub before: Value,
    /// See [`Draft::after`].
    pub after: Value,
    /// SHA-256 of every nginx file it changes as that file was; `None` where there was none.
    pub files: Vec<(NginxFile, Option<String>)>,
    /// Version of nginx it was tested with.
    pub nginx_version: Option<String>,
    /// Outcome of the staged test, where the plan touches nginx.
    pub test: Option<TestReport>,
    /// What is shown of it.
    pub shown: Vec<ShownChange>,
    /// The sites it is about.
    #[serde(default)]
    pub touched: Vec<TouchedSite>,
    /// What the operation was asked, so that it can be asked again.
    #[serde(default)]
    pub input: Option<Value>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created_at: Time,
    /// When it can no longer be applied.
    pub expires_at: Time,
}

/// One change, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShownChange {
    /// `nginx`, `files` or `row`.
    pub kind: String,
    /// `create`, `update` or `delete`.
    pub action: String,
    /// Path of the file or folder, or name of the row.
    pub name: String,
    /// Unified diff.
    pub diff: String,
}

/// A site that a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TouchedSite {
    /// Its domain in ASCII form.
    pub domain: String,
    /// Its domain, the form for people.
    pub name: String,
    /// `create`, `update` or `delete`.
    pub action: String,
}

/// How much a plan changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanTotals {
    /// Changes in all; `changes` of the plan shows the first of them.
    pub changes: usize,
    /// What is made.
    pub create: usize,
    /// What is changed.
    pub update: usize,
    /// What is deleted.
    pub delete: usize,
    /// Sites it is about; `sites` of the plan names the first of them.
    pub sites: usize,
}

/// A plan, as the API shows it.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Plan")]
pub struct PlanView {
    /// Its id: apply exactly this with `plan.apply`. Empty when the operation changes the panel's own rows only.
    pub id: String,
    /// The operation.
    pub operation: String,
    /// What it is about; a site's domain in ASCII form.
    pub target: String,
    /// What it is about, the form for people.
    pub target_name: String,
    /// What would change; of many changes the first hundred.
    pub changes: Vec<ShownChange>,
    /// How much would change in all.
    pub totals: PlanTotals,
    /// The sites it is about, the first hundred of them: the target, and whoever else is touched.
    pub sites: Vec<TouchedSite>,
    /// Outcome of nginx's own test of the configuration as it would be.
    pub test: Option<TestReport>,
    /// Remarks that do not stop it.
    pub warnings: Vec<NoteView>,
    /// When it can no longer be applied.
    pub expires_at: Option<Time>,
}

/// A remark, worded.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "Note")]
pub struct NoteView {
    /// Stable code.
    pub code: String,
    /// The sentence.
    pub text: String,
}

impl TouchedSite {
    /// The site of that domain.
    pub fn new(domain: String, action: &str) -> Self {
        Self { name: Domain::shown(&domain), domain, action: action.to_owned() }
    }
}

impl PlanTotals {
    /// Counts what is shown.
    pub fn of(shown: &[ShownChange], sites: usize) -> Self {
        let count = |action: &str| shown.iter().filter(|c| c.action == action).count();
        Self { changes: shown.len(), create: count("create"), update: count("update"), delete: count("delete"), sites }
    }
}

impl Draft {
    /// Takes in what another draft wants to change; its target, its before and its after stay its own.
    pub fn absorb(&mut self, part: Draft) {
        self.changes.extend(part.changes);
        self.reserve.extend(part.reserve);
        self.revisions.extend(part.revisions);
        self.notes.extend(part.notes);
    }
}

impl Note {
    /// A remark without parameters yet.
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), params: Params::new() }
    }

    /// Adds a parameter of the text.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    fn view(&self, lang: Lang) -> NoteView {
        let text = locale::text(lang, &format!("note.{}", self.code), &self.params);
        NoteView { code: self.code.clone(), text }
    }
}

impl Plan {
    /// The plan as `lang` readers see it.
    pub fn view(&self, lang: Lang) -> PlanView {
        PlanView {
            id: self.id.to_string(),
            operation: self.operation.clone(),
            target: self.target_name.clone(),
            target_name: Domain::shown(&self.target_name),
            changes: self.shown.iter().take(PLAN_CHANGES_SHOWN_MAX).cloned().collect(),
            totals: PlanTotals::of(&self.shown, self.touched.len()),
            sites: self.touched.iter().take(PLAN_CHANGES_SHOWN_MAX).cloned().collect(),
            test: self.test.clone(),
            warnings: self.notes.iter().map(|n| n.view(lang)).collect(),
            expires_at: Some(self.expires_at),
        }
    }

    /// The nginx changes among its changes.
    pub fn nginx_changes(&self) -> Vec<crate::platform::NginxChange> {
        self.changes
            .iter()
            .filter_map(|c| if let Change::Nginx(change) = c { Some(change.clone()) } else { None })
            .collect()
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
