//! Splits a text into words as nginx does (`ngx_conf_read_token` of nginx's `src/core/ngx_conf_file.c`).

use super::error::{SyntaxError, SyntaxProblem};
use super::{MAX_WORD, lua};

/// A place in the text; both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    /// An error at this place.
    pub(super) fn error(self, problem: SyntaxProblem) -> SyntaxError {
        SyntaxError { line: self.line, column: self.column, problem }
    }
}

/// What a token is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, unquoted and unescaped.
    Word(String),
    /// A comment with its `#`, without the end of the line.
    Comment(String),
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}` where a directive may begin, or wrongly amid its arguments.
    Close,
    /// The end of the text.
    End,
}

/// A token and how it stands.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) place: Place,
    /// Line ends between the token before and this one; one more at the start of the text.
    pub(super) lines_skipped: u32,
}

/// Reads tokens off a text that holds no NUL byte.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    place: Place,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, place: Place { line: 1, column: 1 } }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves to byte `to`, which is the boundary of a character, and keeps count of lines and columns.
    fn advance(&mut self, to: usize) -> &'a str {
        let passed = &self.text[self.at..to];
        for character in passed.chars() {
            if character == '\n' {
                self.place = Place { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
        self.at = to;
        passed
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token, SyntaxError> {
        let before = if self.at == 0 { 0 } else { self.place.line };
        let blank = self.rest().bytes().take_while(|&byte| is_space(byte)).count();
        self.advance(self.at + blank);
        let place = self.place;
        let kind = match self.peek() {
            None => Kind::End,
            Some(b';') => self.single(Kind::Semicolon),
            Some(b'{') => self.single(Kind::Open),
            Some(b'}') => self.single(Kind::Close),
            Some(b'#') => self.comment()?,
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote)?,
            Some(_) => self.bare()?,
        };
        Ok(Token { kind, place, lines_skipped: place.line - before })
    }

    /// The raw text of a Lua block whose `{` was just read at `open`; also eats the closing `}`.
    pub(super) fn lua_body(&mut self, open: Place) -> Result<String, SyntaxError> {
        let Some(length) = lua::body_length(self.rest()) else {
            return Err(open.error(SyntaxProblem::UnterminatedLua));
        };
        let body = self.advance(self.at + length).to_owned();
        self.advance(self.at + 1);
        Ok(body)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.advance(self.at + 1);
        kind
    }

    fn comment(&mut self) -> Result<Kind, SyntaxError> {
        let place = self.place;
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        let raw = self.advance(self.at + length);
        check_length(raw, place)?;
        Ok(Kind::Comment(raw.trim_end_matches('\r').to_owned()))
    }

    /// A word in quotes. The closing quote must be followed by something that ends a word.
    fn quoted(&mut self, quote: u8) -> Result<Kind, SyntaxError> {
        let place = self.place;
        self.advance(self.at + 1);
        let Some(length) = quoted_length(self.rest().as_bytes(), quote) else {
            return Err(place.error(SyntaxProblem::UnterminatedQuote(char::from(quote))));
        };
        let raw = self.advance(self.at + length);
        check_length(raw, place)?;
        self.advance(self.at + 1);
        match self.rest().chars().next() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | '{' | ')') => Ok(Kind::Word(unescape(raw))),
            Some(other) => Err(self.place.error(SyntaxProblem::AfterQuote(other))),
        }
    }

    fn bare(&mut self) -> Result<Kind, SyntaxError> {
        let place = self.place;
        let length = bare_length(self.rest().as_bytes());
        let raw = self.advance(self.at + length);
        check_length(raw, place)?;
        Ok(Kind::Word(unescape(raw)))
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn check_length(raw: &str, place: Place) -> Result<(), SyntaxError> {
    if raw.len() > MAX_WORD { Err(place.error(SyntaxProblem::WordTooLong)) } else { Ok(()) }
}

/// Bytes up to the closing quote; `None` when there is none. A backslash shields whatever follows it.
fn quoted_length(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut shielded = false;
    bytes.iter().position(|&byte| {
        let closes = !shielded && byte == quote;
        shielded = !shielded && byte == b'\\';
        closes
    })
}

/// Bytes of a word without quotes. It ends at space, `;` or `{`; quotes, `#` and `}` inside it are plain text, and so
/// is a `{` right behind `$`.
fn bare_length(bytes: &[u8]) -> usize {
    let mut shielded = false;
    let mut variable = false;
    let end = bytes.iter().position(|&byte| {
        if shielded {
            shielded = false;
            return false;
        }
        if byte == b'{' && variable {
            return false;
        }
        variable = byte == b'$';
        shielded = byte == b'\\';
        is_space(byte) || byte == b';' || byte == b'{'
    });
    // A shielded character of several bytes is passed whole: none of its later bytes is ASCII.
    end.unwrap_or(bytes.len())
}

/// Undoes the six escapes nginx knows; a backslash before anything else stays.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        let meant = match (character, characters.peek()) {
            ('\\', Some(&same @ ('"' | '\'' | '\\'))) => Some(same),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('n')) => Some('\n'),
            _ => None,
        };
        if meant.is_some() {
            characters.next();
        }
        text.push(meant.unwrap_or(character));
    }
    text
}
