//! `config check` and `config show`.

use super::Run;
use crate::base::Error;
use crate::cli::output::{Failure, clean, print};
use crate::cli::table;
use crate::cli::tree::Say;
use crate::config::Report;
use crate::config::options::Home;
use clap::Command;
use serde_json::json;

pub(super) fn build(command: Command, say: Say) -> Command {
    super::verbs(command, "config", &["check", "show"], say)
}

pub(super) fn run(run: &Run) -> Result<u8, Failure> {
    if run.verb() == "check" {
        run.local.checked_config(&run.globals.root, run.globals.overrides.clone())?;
        if run.screen.json {
            run.screen.print_json(&json!({ "ok": true }));
        } else {
            run.screen.tell(&run.screen.say("cli.config_ok", &[]));
        }
        return Ok(0);
    }
    let loaded = run.loaded()?;
    let stored = run.local.settings(&loaded);
    // Without the database the stored values are not known: showing defaults in their place would be wrong.
    let in_file = || loaded.settings.iter().filter(|s| s.opt.home == Home::File).cloned().collect();
    let report = Report::new(&loaded, &stored.as_ref().map_or_else(|_| in_file(), Clone::clone));
    if let Err(error) = &stored {
        run.screen.tell(&run.screen.say("cli.config_not_stored", &[("reason", error.text(run.screen.lang))]));
    }
    if run.screen.json {
        run.screen.print_json(&serde_json::to_value(&report).map_err(Error::fault)?);
        return Ok(0);
    }
    let mut rows = vec![["key", "value", "source"].map(|c| run.screen.say(&format!("cli.column.{c}"), &[])).to_vec()];
    for option in &report.options {
        let value = format!("{} {}", option.value, option.unit.as_deref().unwrap_or_default());
        rows.push(vec![option.key.clone(), clean(value.trim_end()), clean(&option.source.text(run.screen.lang))]);
    }
    print(&table::aligned(&rows));
    Ok(0)
}
