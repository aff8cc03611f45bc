//! `serve`, `doctor`, `self-test`.

use super::{Run, flag};
use crate::base::Kind;
use crate::cli::output::{Failure, clean, print};
use crate::cli::tree::Say;
use crate::config::Override;
use clap::{ArgAction, Command};
use serde_json::{Value, json};

pub(super) fn build_serve(command: Command, say: Say) -> Command {
    let allow = flag("serve", "allow-machine", say).action(ArgAction::SetTrue);
    command.arg(flag("serve", "listen", say).value_name("ADDRESS:PORT")).arg(allow)
}

pub(super) fn serve(run: &Run) -> Result<u8, Failure> {
    let listen = run.text("listen");
    let mut overrides = run.globals.overrides.clone();
    overrides.extend(listen.map(|value| Override {
        key: "panel.listen".into(),
        value: value.to_owned(),
        flag: "--listen".into(),
    }));
    overrides.extend(run.is_set("allow-machine").then(|| Override {
        key: "allow_machine".into(),
        value: "true".into(),
        flag: "--allow-machine".into(),
    }));
    let loaded = run.local.checked_config(&run.globals.root, overrides)?;
    run.local.serve(loaded)?;
    Ok(0)
}

pub(super) fn doctor(run: &Run) -> Result<u8, Failure> {
    let diagnosis = run.local.doctor(&run.loaded()?, run.screen.lang)?;
    if run.screen.json {
        run.screen.print_json(&diagnosis);
    } else {
        print(&findings(&diagnosis, run));
    }
    Ok(u8::from(diagnosis["broken"] == true))
}

fn findings(diagnosis: &Value, run: &Run) -> String {
    let mut out = String::new();
    for finding in diagnosis["findings"].as_array().into_iter().flatten() {
        let text = |name: &str| clean(finding[name].as_str().unwrap_or_default());
        let severity = run.screen.say(&format!("cli.severity.{}", text("severity")), &[]);
        out += &format!("{severity}: {}\n", text("found"));
        for part in ["why", "action"].map(text).iter().filter(|part| !part.is_empty()) {
            out += &format!("  {part}\n");
        }
    }
    out
}

pub(super) fn self_test(run: &Run) -> Result<u8, Failure> {
    let checks = run.local.self_test();
    let failed = checks.iter().any(|check| check.problem.is_some());
    if run.screen.json {
        run.screen.print_json(&json!({ "ok": !failed, "checks": checks }));
    } else {
        for check in &checks {
            let what = run.screen.say(&format!("cli.self_test.{}", check.name), &[]);
            let result = match &check.problem {
                None => run.screen.say("cli.self_test_ok", &[]),
                Some(problem) => run.screen.say("cli.self_test_failed", &[("problem", clean(problem))]),
            };
            print(&format!("{what}: {result}\n"));
        }
    }
    Ok(if failed { Kind::Fault.exit_code() } else { 0 })
}
