//! After a guarded change of settings: how long it holds, and where it is confirmed.

use super::output::{Failure, Screen};
use super::prompt;
use super::remote::Remote;
use super::request::Ask;
use crate::base::Error;
use crate::ops;
use serde_json::{Value, json};

/// Says what `answer`, that of a change of settings, leaves to be done; at a terminal it is asked for.
pub(super) fn follow(remote: &Remote, answer: &Value, screen: &Screen) -> Result<(), Failure> {
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let overridden = texts(&answer["overridden"]);
    if !overridden.is_empty() {
        screen.tell(&screen.say("cli.guard.overridden", &[("keys", overridden.join(", "))]));
    }
    let guard = &answer["guard"];
    if guard.is_null() {
        return Ok(());
    }
    screen.tell(&screen.say("cli.guard.pending", &[("seconds", guard["seconds_left"].to_string())]));
    screen.tell(&screen.say("cli.guard.how", &[("urls", texts(&guard["urls"]).join(" "))]));
    if prompt::at_terminal() && prompt::confirm(screen, &screen.say("cli.guard.ask", &[]))? {
        let confirm = ops::find("setting.confirm").ok_or_else(|| Error::fault("nothing can be confirmed"))?;
        remote.ask(&Ask::new(confirm, &json!({ "here": true }), false))?;
        screen.tell(&screen.say("cli.guard.kept", &[]));
    }
    Ok(())
}
