//! Finds the end of a raw Lua block, as the Lua module of nginx does: by the tokens of Lua that may hide a brace.
//! Checked against `ngx_http_lua_module` 0.10.23 with random fragments.

use super::walk::holds_entries;

/// Whether a directive of this name inside `parent` holds raw Lua text in its braces. The key of a map never does.
pub(super) fn is_lua(name: &str, parent: Option<&str>) -> bool {
    name.ends_with("_by_lua_block") && !parent.is_some_and(holds_entries)
}

/// Bytes of Lua text before the `}` that closes its block; `None` when the text ends first.
pub(super) fn body_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut open = 0usize;
    let mut open_quote = [0; 2];
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at += match byte {
            b'}' if open == 0 => return Some(at),
            b'}' => {
                open -= 1;
                1
            }
            b'{' => {
                open += 1;
                1
            }
            // An open quote reaches to the end of its line past shielded quotes only, so none of those closes either;
            // without remembering it, a line of them would be read once for each.
            b'"' | b'\'' if at < open_quote[usize::from(byte == b'"')] => 1,
            b'"' | b'\'' => short_string(rest).unwrap_or_else(|line| {
                open_quote[usize::from(byte == b'"')] = at + line;
                1
            }),
            b'[' => long_bracket(rest)?.unwrap_or(1),
            b'-' if rest.starts_with(b"--") => comment(rest)?,
            _ => 1,
        };
    }
    None
}

/// Length of a string in quotes, or else of the rest of the line: a quote that is not closed on its line, backslash or
/// not, begins no string for the Lua module.
fn short_string(bytes: &[u8]) -> Result<usize, usize> {
    let mut shielded = false;
    let quote = bytes[0];
    let end = bytes[1..].iter().position(|&byte| {
        let ends = byte == b'\n' || (!shielded && byte == quote);
        shielded = !shielded && byte == b'\\';
        ends
    });
    match end {
        Some(end) if bytes[end + 1] == quote => Ok(end + 2),
        Some(end) => Err(end + 1),
        None => Err(bytes.len()),
    }
}

/// Length of a long string `[==[ … ]==]`; `Some(None)` when none begins here, `None` when it is not closed.
#[allow(clippy::option_option, reason = "no such string and an unfinished one are different answers")]
fn long_bracket(bytes: &[u8]) -> Option<Option<usize>> {
    let level = bytes[1..].iter().take_while(|&&byte| byte == b'=').count();
    if bytes.get(level + 1) != Some(&b'[') {
        return Some(None);
    }
    let mut close = vec![b'='; level + 2];
    close[0] = b']';
    close[level + 1] = b']';
    let start = level + 2;
    let end = bytes[start..].windows(close.len()).position(|window| window == close)?;
    Some(Some(start + end + close.len()))
}

/// Length of a comment, `--[[ … ]]` or to the end of the line.
fn comment(bytes: &[u8]) -> Option<usize> {
    if bytes.get(2) == Some(&b'[')
        && let Some(length) = long_bracket(&bytes[2..])?
    {
        return Some(length + 2);
    }
    bytes.iter().position(|&byte| byte == b'\n').map(|end| end + 1)
}
