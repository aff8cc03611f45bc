//! What the panel prints on the console it was started from.

#![expect(clippy::print_stdout, reason = "this is what the console is for")]

use crate::base::locale::{self, Lang};

/// Says where the panel is and, while nobody has claimed it, the one-time link; in both languages, because nobody has
/// chosen one yet.
pub(super) fn announce(url: &str, claim: Option<&str>, fingerprint: Option<&str>) {
    for lang in Lang::ALL {
        let say = |key: &str, value: &str| {
            println!("  {}", locale::text(lang, &format!("console.{key}"), &[("value", value.to_owned())]));
        };
        println!();
        say("ready", url);
        if let Some(print) = fingerprint {
            say("fingerprint", print);
        }
        if let Some(link) = claim {
            say("claim", link);
        }
    }
    println!();
}
