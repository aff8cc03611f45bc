//! The catalogue of texts: `assets/locale/en.toml` and `ar.toml`, flattened by `build.rs` and embedded.
//!
//! Sentences are whole in each language; `{name}` stands for a parameter. Where a text counts something it is a table
//! of plural forms (`one`, `two`, `few`, `many`, `other`; CLDR rules for Arabic and English).

use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English, left to right.
    #[default]
    En,
    /// Arabic, right to left.
    Ar,
}

impl Lang {
    /// Both languages.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Ar];

    /// BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ar => "ar",
        }
    }

    /// The language a tag, an `Accept-Language` list (RFC 9110 §12.5.4) or a `LANG` value asks for; the first
    /// supported one of the list wins, English when none is.
    pub fn from_preference(list: &str) -> Lang {
        list.split(',')
            .filter_map(|part| {
                let tag = part.split([';', '-', '_', '.']).next().unwrap_or("").trim();
                Lang::ALL.into_iter().find(|l| tag.eq_ignore_ascii_case(l.tag()))
            })
            .next()
            .unwrap_or_default()
    }
}

/// Keys and their texts, in the order of the keys.
type Catalogue = Vec<(&'static str, &'static str)>;

fn catalogue(lang: Lang) -> &'static Catalogue {
    static EN: OnceLock<Catalogue> = OnceLock::new();
    static AR: OnceLock<Catalogue> = OnceLock::new();
    match lang {
        Lang::En => EN.get_or_init(|| read(include_str!(concat!(env!("OUT_DIR"), "/en.texts")))),
        Lang::Ar => AR.get_or_init(|| read(include_str!(concat!(env!("OUT_DIR"), "/ar.texts")))),
    }
}

/// Keys and texts in turn, each ended by a zero byte; the keys are in order.
fn read(texts: &'static str) -> Catalogue {
    let mut parts = texts.split_terminator('\0');
    std::iter::from_fn(|| Some((parts.next()?, parts.next()?))).collect()
}

/// The text `key` in `lang`, or `None` when the catalogue does not have it.
pub fn find<N: AsRef<str>>(lang: Lang, key: &str, params: &[(N, String)]) -> Option<String> {
    let texts = catalogue(lang);
    let mut text = texts[texts.binary_search_by_key(&key, |(key, _)| key).ok()?].1.to_owned();
    for (name, value) in params {
        let shown = if lang == Lang::Ar || !value.is_ascii() { isolate(value) } else { value.clone() };
        text = text.replace(&format!("{{{}}}", name.as_ref()), &shown);
    }
    Some(text)
}

/// An actor in words, by kind and name as the audit trail has them: only users are shown by their bare name.
pub fn actor(lang: Lang, kind: &str, actor: &str) -> String {
    let name = actor.strip_prefix("token:").unwrap_or(actor);
    find(lang, &format!("actor.{kind}"), &[("name", name.to_owned())]).unwrap_or_else(|| actor.to_owned())
}

/// The text `key` in `lang`; the key itself when it is missing (a test keeps that from happening).
pub fn text<N: AsRef<str>>(lang: Lang, key: &str, params: &[(N, String)]) -> String {
    find(lang, key, params).unwrap_or_else(|| key.to_owned())
}

/// The text `key` in the plural form that `lang` uses for `count`; `{count}` is a parameter of it.
pub fn plural(lang: Lang, key: &str, count: u64) -> String {
    let params = [("count", count.to_string())];
    let form = match lang {
        Lang::En if count == 1 => "one",
        Lang::En => "other",
        Lang::Ar => match (count, count % 100) {
            (0, _) => "zero",
            (1, _) => "one",
            (2, _) => "two",
            (_, 3..=10) => "few",
            (_, 11..=99) => "many",
            _ => "other",
        },
    };
    find(lang, &format!("{key}.{form}"), &params).unwrap_or_else(|| text(lang, &format!("{key}.other"), &params))
}

/// Keeps a value from being reordered by its sentence, and the sentence from being reordered by it (Unicode Standard
/// Annex 9: first-strong isolate … pop directional isolate). Values come from users: one that ends an isolate it has
/// not begun would break out, one that leaves an isolate open would take the rest of the sentence in. In English, values
/// of ASCII go without: they cannot do either, and whoever searches a terminal's text finds them.
fn isolate(value: &str) -> String {
    let mut open = 0;
    let balanced = value.chars().filter(|sign| match sign {
        '\u{2066}'..='\u{2068}' => {
            open += 1;
            true
        }
        '\u{2069}' if open == 0 => false,
        '\u{2069}' => {
            open -= 1;
            true
        }
        _ => true,
    });
    let value: String = balanced.collect();
    format!("\u{2068}{value}{}\u{2069}", "\u{2069}".repeat(open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_supported_preference_wins() {
        assert_eq!(Lang::from_preference("fr-FR,ar;q=0.8,en"), Lang::Ar);
        assert_eq!(Lang::from_preference("ar_EG.UTF-8"), Lang::Ar);
        assert_eq!(Lang::from_preference("de"), Lang::En);
        assert_eq!(Lang::from_preference(""), Lang::En);
    }

    #[test]
    fn arabic_has_its_own_plural_forms() {
        let texts: Vec<_> = [0, 1, 2, 5, 11, 100].into_iter().map(|n| plural(Lang::Ar, "count.sites", n)).collect();
        let mut distinct = texts.clone();
        distinct.dedup();
        assert_eq!(distinct.len(), 6, "{texts:?}");
    }

    #[test]
    fn plain_parameters_are_isolated_in_arabic_only() {
        let params = [("domain", "a.test".to_owned())];
        assert!(text(Lang::Ar, "error.site_exists", &params).contains("\u{2068}a.test\u{2069}"));
        assert!(!text(Lang::En, "error.site_exists", &params).contains('\u{2068}'));
    }

    #[test]
    fn no_parameter_reorders_its_sentence() {
        for (value, kept) in [
            ("موقع.test", "موقع.test"),
            ("sara\u{202e}nimda", "sara\u{202e}nimda"),
            ("a\u{2069}\u{202e}b", "a\u{202e}b"),
            ("a\u{2067}b", "a\u{2067}b\u{2069}"),
            ("\u{2068}سارة\u{2069} x", "\u{2068}سارة\u{2069} x"),
        ] {
            for lang in Lang::ALL {
                let said = text(lang, "error.site_exists", &[("domain", value.to_owned())]);
                assert!(said.contains(&format!("\u{2068}{kept}\u{2069}")), "{value:?}: {said:?}");
                let signs = |wanted: &[char]| said.chars().filter(|sign| wanted.contains(sign)).count();
                assert_eq!(signs(&['\u{2066}', '\u{2067}', '\u{2068}']), signs(&['\u{2069}']), "{value:?}: {said:?}");
            }
        }
    }
}
