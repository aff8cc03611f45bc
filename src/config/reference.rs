//! The reference of all options as Markdown: `docs/configuration.md` and `docs/configuration.ar.md`.

use super::options::{ALL, ENV_OTHER, Home, Opt};
use super::typed::Profile;
use super::value::Kind;
use crate::base::locale::{Lang, text};

/// The whole document in `lang`. It is generated; the committed copies are checked against it.
pub fn document(lang: Lang) -> String {
    let say = |key: &str| text::<&str>(lang, &format!("config_reference.{key}"), &[]);
    let (open, close) = if lang == Lang::Ar { ("<div dir=\"rtl\">\n\n", "\n</div>\n") } else { ("", "") };
    let mut out = format!("{open}# {}\n\n{}\n", say("title"), say("intro"));
    for (home, heading, intro) in [(Home::File, "file", "file_intro"), (Home::Store, "store", "store_intro")] {
        out += &format!("\n## {}\n\n{}\n\n", say(heading), say(intro));
        out += &table(lang, home);
    }
    let others = ENV_OTHER.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" · ");
    out + &format!("\n## {}\n\n{}\n\n{others}\n{close}", say("environment"), say("environment_intro"))
}

fn table(lang: Lang, home: Home) -> String {
    let say = |key: &str| text::<&str>(lang, &format!("config_reference.{key}"), &[]);
    let columns = ["option", "meaning", "type", "development", "production", "restart", "variable"].map(say);
    let mut out = format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for opt in ALL.iter().filter(|o| o.home == home) {
        let cells = [
            format!("`{}`", opt.key),
            text::<&str>(lang, &opt.doc_key(), &[]),
            kind(lang, opt),
            default(opt, Profile::Development, &say("none")),
            default(opt, Profile::Production, &say("none")),
            say(if opt.restart { "yes" } else { "no" }),
            format!("`{}`", opt.env_name()),
        ];
        out += &format!("| {} |\n", cells.join(" | "));
    }
    out
}

fn default(opt: &Opt, profile: Profile, none: &str) -> String {
    match opt.default_in(profile) {
        "" => none.to_owned(),
        text => format!("`{text}`"),
    }
}

fn kind(lang: Lang, opt: &Opt) -> String {
    let say = |key: &str| text::<&str>(lang, &format!("config_reference.{key}"), &[]);
    match opt.kind {
        Kind::Bool => "`true` · `false`".to_owned(),
        Kind::Integer { min, max } => format!("`{min}`…`{max}` {}", opt.unit.unwrap_or_default()).trim_end().to_owned(),
        Kind::Choice(words) => words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" · "),
        Kind::Path => say("type_path"),
        Kind::Socket => say("type_socket"),
        Kind::Database => say("type_database"),
        Kind::Origin => say("type_origin"),
        Kind::Address => say("type_address"),
        Kind::Networks { .. } => say("type_networks"),
        Kind::Names => say("type_names"),
    }
}
