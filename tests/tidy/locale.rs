//! The two catalogues say the same things: one key in both languages, with the same parameters.

use std::collections::{BTreeMap, BTreeSet};

/// Forms a count takes (CLDR). A table with `other` is one text in several forms.
const FORMS: &[&str] = &["zero", "one", "two", "few", "many", "other"];

/// The forms each language needs.
const NEEDED: &[(&str, &[&str])] = &[("en", &["one", "other"]), ("ar", FORMS)];

/// Arabic texts that hold no Arabic letter, because they are names or samples of input.
const LATIN: &[&str] = &["ui.language.switch_to", "ui.proxy.websocket", "ui.form.field_problem"];

/// A text, or a text in forms.
#[derive(Debug)]
enum Entry {
    Text(String),
    Forms(BTreeMap<String, String>),
}

fn catalogue(language: &str) -> BTreeMap<String, Entry> {
    let path = format!("assets/locale/{language}.toml");
    let table: toml::Table = crate::read(&path).parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut entries = BTreeMap::new();
    flatten("", &table, &mut entries);
    entries
}

fn flatten(prefix: &str, table: &toml::Table, into: &mut BTreeMap<String, Entry>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::String(text) => drop(into.insert(key, Entry::Text(text.clone()))),
            toml::Value::Table(inner) if is_forms(inner) => {
                let forms =
                    inner.iter().map(|(form, text)| (form.clone(), text.as_str().unwrap_or_default().to_owned()));
                into.insert(key, Entry::Forms(forms.collect()));
            }
            toml::Value::Table(inner) => flatten(&key, inner, into),
            other => panic!("{key}: a text or a table is expected, not {other}"),
        }
    }
}

fn is_forms(table: &toml::Table) -> bool {
    table.contains_key("other") && table.iter().all(|(name, text)| FORMS.contains(&name.as_str()) && text.is_str())
}

/// The `{names}` in a text.
fn parameters(text: &str) -> BTreeSet<String> {
    let opened = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    opened.map(|(inner, _)| inner.to_owned()).filter(|inner| name(inner)).collect()
}

impl Entry {
    fn texts(&self) -> Vec<&String> {
        match self {
            Entry::Text(text) => vec![text],
            Entry::Forms(forms) => forms.values().collect(),
        }
    }

    fn parameters(&self) -> BTreeSet<String> {
        self.texts().into_iter().flat_map(|text| parameters(text)).collect()
    }
}

#[test]
fn both_languages_have_the_same_keys() {
    let keys = |language| catalogue(language).into_keys().collect::<BTreeSet<_>>();
    let (english, arabic) = (keys("en"), keys("ar"));
    let missing = english.difference(&arabic).map(|key| format!("ar.toml has no {key}"));
    let extra = arabic.difference(&english).map(|key| format!("en.toml has no {key}"));
    crate::expect_none(missing.chain(extra).collect(), "every text exists in both languages:");
}

#[test]
fn both_languages_name_the_same_parameters() {
    let arabic = catalogue("ar");
    let mut problems = Vec::new();
    for (key, english) in catalogue("en") {
        let Some(arabic) = arabic.get(&key) else { continue };
        if english.parameters() != arabic.parameters() {
            problems.push(format!("{key}: en {:?}, ar {:?}", english.parameters(), arabic.parameters()));
        }
    }
    crate::expect_none(problems, "a parameter that one language does not name is lost for its readers:");
}

#[test]
fn plural_forms_are_complete() {
    let mut problems = Vec::new();
    for (language, needed) in NEEDED {
        for (key, entry) in catalogue(language) {
            let Entry::Forms(forms) = entry else { continue };
            let missing = needed.iter().filter(|form| !forms.contains_key(**form));
            problems.extend(missing.map(|form| format!("{language}.toml: {key} has no `{form}`")));
        }
    }
    crate::expect_none(problems, "a count needs all forms of its language:");
}

#[test]
fn arabic_texts_are_arabic() {
    let mut found = BTreeSet::new();
    for (key, entry) in catalogue("ar") {
        let arabic = |text: &str| text.chars().any(|letter| matches!(letter, '\u{0620}'..='\u{064A}'));
        if !entry.texts().into_iter().all(|text| arabic(text)) {
            found.insert(key);
        }
    }
    let listed = LATIN.iter().map(|key| (*key).to_owned()).collect();
    crate::expect_none(crate::compare(&found, &listed), "texts of ar.toml without an Arabic letter (LATIN):");
}

#[test]
fn texts_are_clean() {
    let mut problems = Vec::new();
    for language in ["en", "ar"] {
        for (key, entry) in catalogue(language) {
            for text in entry.texts() {
                let plain = text.trim() == text && !text.is_empty() && !text.contains("  ");
                let balanced = text.matches('{').count() == text.matches('}').count();
                // Embeddings and overrides reach beyond their text when it is put into another one.
                let visible = !text.contains(['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}']);
                if !(plain && balanced && visible) {
                    problems.push(format!("{language}.toml: {key}: {text:?}"));
                }
            }
        }
    }
    crate::expect_none(problems, "empty, with spaces around or doubled, unbalanced braces, or direction overrides:");
}

/// What may begin a word in Latin letters (a flag, a path, a pattern), and what may end one (`https://`, a folder).
const LEADING: &str = "-/:.~*@$";
const TRAILING: &str = "-/:";

/// Whether each character runs from left to right; none for those that go along with their neighbours. Digits go along
/// with the letter before them (Unicode Standard Annex 9, rule W7).
fn ways(letters: &[char]) -> Vec<Option<bool>> {
    let mut last = false;
    let way = |letter: &char| {
        let own = match letter {
            'a'..='z' | 'A'..='Z' | '\u{200e}' => Some(true),
            '\u{0600}'..='\u{06ff}' | '\u{200f}' => Some(false),
            '0'..='9' if last => Some(true),
            _ => None,
        };
        last = own.unwrap_or(last);
        own
    };
    letters.iter().map(way).collect()
}

/// Whether Arabic carries the punctuation of a Latin word to the word's other side: `--help` would be shown as `help--`.
fn torn(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let sides = ways(&letters);
    (0..letters.len()).filter(|at| sides[*at].is_none()).any(|at| {
        let before = sides[..at].iter().rev().find_map(|side| *side).unwrap_or(false);
        let after = sides[at + 1..].iter().find_map(|side| *side).unwrap_or(false);
        let next = letters[at..].iter().find(|sign| !LEADING.contains(**sign));
        let previous = letters[..=at].iter().rev().find(|sign| !TRAILING.contains(**sign));
        let leads = LEADING.contains(letters[at]) && next.is_some_and(char::is_ascii_alphabetic);
        let trails = matches!(letters[at], '-' | '/') && previous.is_some_and(char::is_ascii_alphabetic);
        (leads && !before) || (trails && !after)
    })
}

#[test]
fn latin_words_keep_their_punctuation() {
    for text in ["أضف --help", "ابدأ بـ https:// هنا", "الملف /etc/hosts"] {
        assert!(torn(text), "{text}");
    }
    for text in ["أضف \u{200e}--help", "ابدأ بـ https://\u{200e} هنا", "بترميز UTF-8 هنا", "نفّذ: manara job list --all"]
    {
        assert!(!torn(text), "{text}");
    }
    let mut problems = Vec::new();
    for (key, entry) in catalogue("ar") {
        // What stands in backticks is shown as code, by itself.
        if entry.texts().into_iter().any(|text| text.split('`').step_by(2).any(torn)) {
            problems.push(format!("ar.toml: {key}"));
        }
    }
    crate::expect_none(
        problems,
        "put a left-to-right mark (U+200E) between a flag, path or address and the Arabic beside it:",
    );
}
