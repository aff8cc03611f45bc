//! The first run: its steps, and which of them are behind the panel. A step is a reminder, never a condition: it can be
//! left out and gone through again at any time.

use crate::base::Result;
use crate::base::clock::Time;
use crate::store::Tx;
use crate::store::setup::{self as rows, SetupStep};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A step of the first run, in the order in which they are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// Language, digits, calendar and time zone.
    Reading,
    /// The administrator's own account.
    Account,
    /// The certificate of the panel's own port.
    Certificate,
    /// The web server.
    Nginx,
    /// The first site.
    Site,
}

impl StepName {
    const ALL: [StepName; 5] =
        [StepName::Reading, StepName::Account, StepName::Certificate, StepName::Nginx, StepName::Site];

    /// Its name in the store.
    pub fn name(self) -> &'static str {
        match self {
            StepName::Reading => "reading",
            StepName::Account => "account",
            StepName::Certificate => "certificate",
            StepName::Nginx => "nginx",
            StepName::Site => "site",
        }
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Still to come.
    Open,
    /// Gone through.
    Done,
    /// Left out.
    Skipped,
}

/// A step as shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StepView {
    /// Which step.
    pub name: StepName,
    /// Where it stands.
    pub state: StepState,
    /// When that was said; `null` while it is open.
    pub at: Option<Time>,
    /// By whom.
    pub by: Option<String>,
}

/// The first run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Setup {
    /// Every step, in order.
    pub steps: Vec<StepView>,
    /// Whether none is open.
    pub complete: bool,
}

/// Where the first run stands.
pub fn show(tx: &Tx) -> Result<Setup> {
    let noted = rows::list(tx)?;
    let steps: Vec<StepView> = StepName::ALL.map(|name| view(name, &noted)).into();
    Ok(Setup { complete: steps.iter().all(|step| step.state != StepState::Open), steps })
}

fn view(name: StepName, noted: &[SetupStep]) -> StepView {
    match noted.iter().find(|row| row.name == name.name()) {
        None => StepView { name, state: StepState::Open, at: None, by: None },
        Some(row) => {
            let state = if row.state == SKIPPED { StepState::Skipped } else { StepState::Done };
            StepView { name, state, at: Some(row.updated_at), by: Some(row.updated_by.clone()) }
        }
    }
}

const DONE: &str = "done";
const SKIPPED: &str = "skipped";

/// Notes that a step stands at `state`.
pub fn note(tx: &Tx, (name, state): (StepName, StepState), by: &str, now: Time) -> Result<()> {
    let state = match state {
        StepState::Open => return rows::delete(tx, name.name()),
        StepState::Done => DONE,
        StepState::Skipped => SKIPPED,
    };
    let step = SetupStep { name: name.name().into(), state: state.into(), updated_at: now, updated_by: by.into() };
    rows::put(tx, &step)
}
