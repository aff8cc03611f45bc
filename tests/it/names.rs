//! Random text against every parsed name: what is accepted must be safe to print, and read back as itself.

use crate::fuzz::drive;
use crate::support::rng::Rng;
use manara::base::names::{
    Domain, HeaderName, HeaderValue, Label, Name, Network, ObjectId, Password, RelPath, SiteId, Upstream, UserName,
    check_format,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// Names that are accepted, to be changed a little.
const SEEDS: &[&str] = &[
    "example.com",
    "EXAMPLE.Com.",
    "مثال.إختبار",
    "xn--mgbh0fb.xn--kgbechtv",
    "bücher.example",
    "日本語.jp",
    "a-b.c0.test",
    "faß.de",
    "s0123456789",
    "j0123456789ab",
    "omar",
    "layla.m-1_x",
    "My site",
    "موقعي",
    "assets/css/main.css",
    "a/b",
    "X-Real-Ip",
    "Content-Security-Policy",
    "max-age=60; includeSubDomains",
    "\"quoted\" $value;",
    "192.0.2.0/24",
    "2001:db8::/32",
    "::1",
    "127.0.0.1",
    "http://127.0.0.1:3000",
    "https://[2001:db8::1]:8443/",
    "http://localhost",
    "four plain words here",
];
/// What hurts in a shell, a configuration, a path, a header, a terminal or a browser.
const SPICE: &[&str] = &[
    "-",
    "--",
    ".",
    "..",
    "/",
    "//",
    "\\",
    "\0",
    "\n",
    "\r\n",
    "\t",
    " ",
    ";",
    "{}",
    "$",
    "#",
    "'",
    "\"",
    "%00",
    "*",
    "~",
    "@",
    ":",
    "[",
    "]",
    "<script>",
    "\u{202e}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{2028}",
    "\u{1b}[2J",
    "xn--",
    "ـ",
    "۰۱",
    "１",
    "．",
    "。",
    "ı",
    "İ",
    "ß",
    "ς",
    "ﷺ",
    "é",
    "e\u{301}",
    "🏳\u{fe0f}\u{200d}🌈",
    "𝒶",
    "localhost",
    "/etc/passwd",
    "169.254.169.254",
    "0x7f.1",
    "127.1",
    "::ffff:169.254.169.254",
    "65536",
    "+80",
    "Host",
    "TRUE",
];
/// Letters of several scripts, with their digits and marks.
const RANGES: &[(u32, u32)] = &[
    (0x20, 0x7e),
    (0xa0, 0x24f),
    (0x370, 0x3ff),
    (0x400, 0x4ff),
    (0x5d0, 0x5ea),
    (0x600, 0x6ff),
    (0x900, 0x97f),
    (0xe00, 0xe7f),
    (0x2000, 0x206f),
    (0x3040, 0x30ff),
    (0x4e00, 0x4eff),
    (0xfe00, 0xfe0f),
    (0xff00, 0xffef),
    (0x1d400, 0x1d4ff),
    (0x1f300, 0x1f3ff),
    (0, 0x10ffff),
];

fn text(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => (0..rng.below(40)).filter_map(|_| character(rng)).collect(),
        1 => {
            let label = |rng: &mut Rng| (0..=rng.below(20)).filter_map(|_| character(rng)).collect::<String>();
            (0..=rng.below(4)).map(|_| label(rng)).collect::<Vec<_>>().join(rng.pick(&[".", "/", "-", ":"]))
        }
        2 => rng.pick(SEEDS).repeat(1 + rng.below(100)),
        _ => {
            let seed = rng.pick(SEEDS);
            String::from_utf8_lossy(&rng.mutate(seed.as_bytes(), SPICE)).into_owned()
        }
    }
}

fn character(rng: &mut Rng) -> Option<char> {
    let (from, to) = RANGES[rng.below(RANGES.len())];
    char::from_u32(from + u32::try_from(rng.below((to - from + 1) as usize)).ok()?)
}

/// What holds for every name; answers it, where `text` is one.
fn holds<N>(text: &str) -> Option<N>
where
    N: Name + FromStr + Display + Serialize + DeserializeOwned + Eq + Debug,
    <N as FromStr>::Err: Debug,
{
    let parsed = text.parse::<N>().ok();
    assert_eq!(check_format(N::FORMAT, text).is_none(), parsed.is_some(), "the schema says the same: {text:?}");
    let name = parsed?;
    let printed = name.to_string();
    assert_eq!(printed.parse::<N>().ok().as_ref(), Some(&name), "{text:?} prints as {printed:?}");
    assert!(printed.len() <= N::BYTES_MAX, "{printed:?}");
    assert!(!printed.chars().any(|c| c.is_control()), "{printed:?}");
    let json = serde_json::to_string(&name).unwrap();
    assert_eq!(serde_json::from_str::<N>(&json).unwrap(), name);
    Some(name)
}

/// Names that become operands, parts of file names and directives: printable ASCII without blanks and without quoting,
/// and no option of any program.
fn plain<N: Display>(name: Option<N>, also: &str) {
    let Some(printed) = name.map(|n| n.to_string()) else { return };
    let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    assert!(!printed.is_empty() && printed.chars().all(fits) && !printed.starts_with('-'), "{printed:?}");
}

fn domain(text: &str) -> bool {
    let Some(domain) = holds::<Domain>(text) else { return false };
    plain(Some(domain.ascii()), "-.");
    assert!(domain.ascii().len() <= 253 && domain.ascii().split('.').all(|label| (1..=63).contains(&label.len())));
    let shown = domain.unicode();
    assert_eq!(shown.parse::<Domain>().as_ref(), Ok(&domain), "{text:?} is shown as {shown:?}");
    assert!(!shown.chars().any(manara::base::names::is_deceptive), "{shown:?}");
    shown != domain.ascii()
}

fn password(text: &str) {
    let Ok(password) = text.parse::<Password>() else { return };
    assert_eq!(password.expose(), text, "a password is not changed");
    assert_eq!((format!("{password:?}"), serde_json::to_string(&password).unwrap()), ("***".into(), "\"***\"".into()));
}

#[test]
fn accepted_names_are_safe_and_read_back_as_themselves() {
    let mut international = 0;
    let mut all = |text: &str| {
        international += u32::from(domain(text));
        plain(holds::<SiteId>(text), "");
        plain(holds::<ObjectId>(text), "");
        plain(holds::<UserName>(text), "-._");
        plain(holds::<HeaderName>(text), "-");
        plain(holds::<Network>(text), ".:/");
        plain(holds::<Upstream>(text), ".:/[]");
        if let Some(value) = holds::<HeaderValue>(text) {
            assert!(!value.as_str().contains(['\r', '\n', '\0']));
        }
        if let Some(label) = holds::<Label>(text) {
            assert!(!label.as_str().chars().any(manara::base::names::is_deceptive));
        }
        if let Some(path) = holds::<RelPath>(text) {
            let inside = |part: &str| !["", ".", ".."].contains(&part);
            assert!(path.as_str().split('/').all(inside) && !path.as_str().starts_with('/'), "{path}");
        }
        password(text);
    };
    SEEDS.iter().chain(SPICE).for_each(|text| all(text));
    drive("names", |rng| all(&text(rng)));
    assert!(international > 4, "hardly any international domain was tried");
}
