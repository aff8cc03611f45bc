//! Writes one word so that nginx reads exactly it.

use super::MAX_WORD;
use super::error::PrintProblem;
use super::lexer::{Kind, Lexer};

/// How a word is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Bare,
    Quoted(char),
}

/// The written form of a word.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) quoted: bool,
}

/// Writes `word` without quotes where a careful human would, and else in the quotes that need fewer escapes.
///
/// Line feeds, carriage returns and tabs become escapes, so that no value can look like a line of configuration;
/// only a word too long for that keeps them as they are.
///
/// # Errors
/// [`PrintProblem::Nul`], or [`PrintProblem::WordTooLong`] when no form of it fits [`MAX_WORD`].
pub(super) fn write_word(word: &str) -> Result<Written, PrintProblem> {
    if word.contains('\0') {
        return Err(PrintProblem::Nul);
    }
    if word.len() > 2 * MAX_WORD {
        return Err(PrintProblem::WordTooLong); // an escape of two bytes stands for one byte at least
    }
    let count = |quote: char| word.matches(quote).count();
    let quotes = Style::Quoted(if count('"') > count('\'') { '\'' } else { '"' });
    let usual = if is_plain(word) { Style::Bare } else { quotes };
    for (style, escape_controls) in [(usual, true), (quotes, false), (Style::Bare, false)] {
        let raw = escape(word, style, escape_controls);
        if raw.len() > MAX_WORD {
            continue;
        }
        match style {
            Style::Quoted(quote) => {
                return Ok(Written { text: format!("{quote}{raw}{quote}"), quoted: true });
            }
            Style::Bare if reads_back(&raw, word) => {
                return Ok(Written { text: raw, quoted: false });
            }
            Style::Bare => {}
        }
    }
    Err(PrintProblem::WordTooLong)
}

/// Whether the word holds only characters that mean nothing to nginx and surprise no reader without quotes.
fn is_plain(word: &str) -> bool {
    let mut in_variable = false;
    let mut before = ' ';
    let plain = word.chars().all(|character| {
        let fine = match character {
            '{' => before == '$' && !std::mem::replace(&mut in_variable, true),
            '}' => std::mem::take(&mut in_variable),
            '_' | '-' | '.' | '/' | ':' | '~' | '*' | '=' | ',' | '+' | '@' | '%' | '^' | '$' | '(' | ')' | '|'
            | '?' | '!' | '&' | '<' | '>' | '[' | ']' | '\\' => true,
            other => other.is_ascii_alphanumeric(),
        };
        before = character;
        fine
    });
    plain && !word.is_empty() && !in_variable
}

/// The word with the escapes its style needs, without the quotes.
///
/// A backslash is doubled only where nginx would take it for the start of an escape or where the word ends, so that
/// regular expressions stay readable.
fn escape(word: &str, style: Style, escape_controls: bool) -> String {
    let mut raw = String::with_capacity(word.len() + 8);
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let doubled = match characters.peek() {
                    None | Some('"' | '\'' | '\\' | 't' | 'r' | 'n') => true,
                    Some('\t' | '\r' | '\n') => escape_controls,
                    Some(_) => false,
                };
                raw.push_str(if doubled { "\\\\" } else { "\\" });
            }
            '\t' if escape_controls => raw.push_str("\\t"),
            '\r' if escape_controls => raw.push_str("\\r"),
            '\n' if escape_controls => raw.push_str("\\n"),
            '"' | '\'' => {
                if style == Style::Quoted(character) || (style == Style::Bare && raw.is_empty()) {
                    raw.push('\\');
                }
                raw.push(character);
            }
            other => raw.push(other),
        }
    }
    raw
}

/// Whether the lexer takes the raw text for one word and that word for `word`.
fn reads_back(raw: &str, word: &str) -> bool {
    let text = format!("{raw};");
    let mut lexer = Lexer::new(&text);
    let first = lexer.next().map(|token| token.kind);
    first == Ok(Kind::Word(word.to_owned())) && lexer.next().map(|token| token.kind) == Ok(Kind::Semicolon)
}
