//! What the panel prints on the console it was started from.

#![expect(clippy::print_stdout, reason = "this is what the console is for")]

use crate::base::locale::{self, Lang};

/// Says where the panel is and, while nobody has claimed it, the one-time link. In both languages, because nobody has
/// chosen one yet; addresses stand on lines of their own, so that they can be copied.
pub(super) fn announce(url: &str, claim: Option<&str>, fingerprint: Option<&str>) {
    let mut text = String::new();
    let parts = [("ready", Some(url)), ("fingerprint", fingerprint), ("claim", claim)];
    for (key, value) in parts.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        for lang in Lang::ALL {
            text.push_str(&format!("\n  {}", locale::text::<&str>(lang, &format!("console.{key}"), &[])));
        }
        text.push_str(&format!("\n    {value}\n"));
    }
    println!("{text}");
}
