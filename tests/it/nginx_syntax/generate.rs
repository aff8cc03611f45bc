//! Nasty words and trees.

use manara::nginx_syntax::{Directive, block, comment, dir};

use crate::support::rng::Rng;

/// Pieces that mean something to nginx, to its escapes, to Lua, or to careless code.
pub(crate) const PIECES: &[&str] = &[
    "\\",
    "\\",
    "\"",
    "'",
    "{",
    "}",
    ";",
    "#",
    "$",
    "${",
    "(",
    ")",
    " ",
    "\t",
    "\r",
    "\n",
    "n",
    "r",
    "t",
    "a",
    "Z9",
    "~",
    "\\.php$",
    "_by_lua_block",
    "[[",
    "]]",
    "--",
    "=",
    ",",
    "/",
    "é",
    "منارة",
    "\u{202e}",
    "\u{feff}",
    "😀",
    "\u{1}",
    "\u{7f}",
    "\u{b}",
    "\u{c}",
    "include",
    "default",
    "*/",
    "\\n",
    "\\\"",
    "%",
    "`",
    "|",
];

/// A word of up to `most` pieces; empty now and then.
pub(crate) fn word(rng: &mut Rng, most: usize) -> String {
    (0..rng.below(most + 1)).map(|_| rng.pick(PIECES)).collect()
}

/// Up to `budget` directives, comments and blocks. Some hold what the printer must refuse.
pub(crate) fn tree(rng: &mut Rng, budget: usize, depth: usize) -> Vec<Directive> {
    (0..rng.below(budget + 1)).map(|_| node(rng, budget, depth)).collect()
}

fn node(rng: &mut Rng, budget: usize, depth: usize) -> Directive {
    let name = if rng.once_in(3) { word(rng, 4) } else { rng.pick(&["server", "map", "if", "listen"]).to_owned() };
    let args: Vec<String> = (0..rng.below(4)).map(|_| word(rng, 8)).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let node = match rng.below(8) {
        0 => comment(&word(rng, 8)),
        1 => dir("content_by_lua_block", &args),
        2 if rng.once_in(20) => dir(&name, &["nul\0", &"long".repeat(2000)]),
        3..=5 if depth > 0 => block(&name, &args, tree(rng, budget / 2, depth - 1)),
        _ => dir(&name, &args),
    };
    let mut node = if rng.once_in(4) { node.with_gap() } else { node };
    node.origin.trailing = rng.once_in(4);
    node
}
