//! Rust files as the rules see them: code with comments and literals blanked out, position for position.

use std::path::Path;

/// One Rust file.
pub(crate) struct Source {
    /// Relative to the root, for example `src/store/db.rs`.
    pub(crate) path: String,
    /// The module it is, for example `["store", "db"]`; empty for `lib.rs` and `main.rs`.
    pub(crate) module: Vec<String>,
    /// The file as it is.
    pub(crate) text: String,
    /// The same length, with comments, strings and character literals replaced by spaces.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn read(path: &str) -> Source {
        let text = crate::read(path);
        Source { path: path.to_owned(), module: module_of(path), code: blank(&text), text }
    }

    /// The line, from 1, a byte position is in.
    pub(crate) fn line(&self, position: usize) -> usize {
        self.text.as_bytes()[..position].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// How many inline `mod name { … }` blocks contain a position.
    pub(crate) fn inline_depth(&self, position: usize) -> usize {
        self.inline_modules().filter(|block| block.contains(&position)).count()
    }

    /// Whether a position is inside `#[cfg(test)] mod … { … }`, or the whole file is a `mod tests;`.
    pub(crate) fn in_tests(&self, position: usize) -> bool {
        self.module.iter().any(|part| part == "tests")
            || self.inline_modules().any(|block| {
                let before = self.code[..block.start].trim_end();
                block.contains(&position) && attributes_before(before).contains("cfg(test)")
            })
    }

    fn inline_modules(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        words(&self.code, "mod").filter_map(|start| {
            let open = start + self.code[start..].find(['{', ';'])?;
            (self.code.as_bytes()[open] == b'{').then(|| start..matching_brace(&self.code, open))
        })
    }
}

/// The attributes written directly before a position, as one text.
fn attributes_before(before: &str) -> &str {
    let end_of_code = before.rfind([';', '}', '{']).map_or(0, |position| position + 1);
    &before[end_of_code..]
}

/// Every Rust file below `src`.
pub(crate) fn product() -> Vec<Source> {
    rust_files("src/").iter().map(|path| Source::read(path)).collect()
}

/// The paths of Rust files whose path begins with `prefix`.
pub(crate) fn rust_files(prefix: &str) -> Vec<String> {
    crate::repository_files().into_iter().filter(|path| path.starts_with(prefix) && path.ends_with(".rs")).collect()
}

/// `src/store/db.rs` is `store::db`; `src/store/mod.rs` is `store`; `src/lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let mut parts: Vec<String> =
        Path::new(inner).with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") || matches!(inner, "lib.rs" | "main.rs") {
        parts.pop();
    }
    parts
}

/// Where `word` stands alone in code.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    code.match_indices(word).map(|(start, _)| start).filter(move |start| {
        let bytes = code.as_bytes();
        let before = *start > 0 && part_of_name(bytes[start - 1]);
        let after = bytes.get(start + word.len()).is_some_and(|byte| part_of_name(*byte));
        !before && !after
    })
}

/// The position after the brace that closes the one at `open`.
pub(crate) fn matching_brace(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (offset, byte) in code.as_bytes()[open..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return open + offset + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Replaces comments and literals by spaces; line breaks and all positions stay.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + literal_length(&bytes[at..], at > 0 && is_name(bytes[at - 1]));
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("only whole literals and comments are blanked")
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of the comment or literal that begins here; 0 where none does.
fn literal_length(rest: &[u8], inside_name: bool) -> usize {
    match rest {
        [b'/', b'/', ..] => find(rest, b"\n").unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest),
        [b'b' | b'c', b'"', ..] if !inside_name => 1 + quoted(&rest[1..]),
        [b'r', b'"' | b'#', ..] if !inside_name => raw(rest, 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !inside_name => raw(rest, 2),
        [b'\'', ..] => character(rest),
        _ => 0,
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r#"…"#`, and nothing for the raw identifier `r#type`.
fn raw(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return 0;
    }
    let body = prefix + hashes + 1;
    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    find(&rest[body..], &close).map_or(rest.len(), |end| body + end + close.len())
}

/// `'a'`, `'\n'`, `'م'`; nothing for a lifetime.
fn character(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'\\') {
        return 3 + find(&rest[3..], b"'").map_or(0, |end| end + 1);
    }
    let width = match rest.get(1) {
        Some(byte) if *byte < 0x80 => 1,
        Some(byte) if *byte < 0xe0 => 2,
        Some(byte) if *byte < 0xf0 => 3,
        _ => 4,
    };
    if rest.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
}

#[test]
fn blanking_keeps_code_and_positions() {
    let text = "let a = \"mod x { // \\\" \"; // mod y {\nlet b = 'م'; fn f<'a>(r#type: &'a str) { r#\"}\"#; b'\\''; }";
    let code = blank(text);
    assert_eq!(code.len(), text.len());
    assert!(!code.contains("mod"), "{code}");
    assert!(code.contains("fn f<'a>(r#type: &'a str) {"), "{code}");
    assert_eq!(code.matches('}').count(), 1, "{code}");
}
