//! What can be wrong with a configuration text or with a tree that shall become one.

use std::fmt;

use super::{MAX_BYTES, MAX_DEPTH, MAX_WORD};

/// Why a text is no nginx configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong there.
    pub problem: SyntaxProblem,
}

/// The kinds of [`SyntaxError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyntaxProblem {
    /// The text is larger than [`MAX_BYTES`].
    TooLarge,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// A NUL byte, at which nginx would cut most values short.
    Nul,
    /// Blocks are nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A word or comment is longer than [`MAX_WORD`].
    WordTooLong,
    /// A quote is never closed; the position is that of the opening quote.
    UnterminatedQuote(char),
    /// A closing quote is followed by this character instead of a space, `;`, `{` or `)`.
    AfterQuote(char),
    /// `;` or `{` without a directive in front of it.
    NothingBefore(char),
    /// `}` while no block is open.
    UnexpectedClose,
    /// The named directive meets `}` or the end of the file before its `;`.
    MissingSemicolon(String),
    /// The file ends inside the named block.
    UnclosedBlock {
        /// Name of the innermost open block.
        name: String,
        /// Line on which it was opened.
        opened: u32,
    },
    /// A `…_by_lua_block` directive without its `{`.
    LuaBlockExpected,
    /// A Lua block is never closed; the position is that of its `{`.
    UnterminatedLua,
    /// A quoted word that begins with `#` and stands alone. nginx has no use for it, and the tree writes comments so.
    LoneHash,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for SyntaxError {}

impl fmt::Display for SyntaxProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the file is larger than {MAX_BYTES} bytes"),
            Self::NotUtf8 => f.write_str("the file is not UTF-8 text"),
            Self::Nul => f.write_str("the file holds a NUL byte"),
            Self::TooDeep => write!(f, "blocks are nested deeper than {MAX_DEPTH}"),
            Self::WordTooLong => write!(f, "a word or comment is longer than {MAX_WORD} bytes"),
            Self::UnterminatedQuote(quote) => {
                write!(f, "the quote {quote} opened here is never closed")
            }
            Self::AfterQuote(found) => write!(f, "unexpected {found:?} after a closing quote"),
            Self::NothingBefore(found) => {
                write!(f, "unexpected \"{found}\": no directive stands before it")
            }
            Self::UnexpectedClose => f.write_str("unexpected \"}\": no block is open"),
            Self::MissingSemicolon(name) => write!(f, "the directive {name:?} lacks its \";\""),
            Self::UnclosedBlock { name, opened } => {
                write!(f, "the file ends before the \"}}\" of the block {name:?} opened on line {opened}")
            }
            Self::LuaBlockExpected => f.write_str("a Lua directive of this name needs a block in braces"),
            Self::UnterminatedLua => f.write_str("the Lua block opened here is never closed"),
            Self::LoneHash => f.write_str("a quoted word beginning with \"#\" stands alone and means nothing"),
        }
    }
}

/// Why a tree cannot be written as nginx configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintError {
    /// Names of the blocks around the directive and its own, outermost first; empty for a fault of the whole.
    pub path: Vec<String>,
    /// What is wrong with it.
    pub problem: PrintProblem,
}

/// The kinds of [`PrintError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrintProblem {
    /// A name, argument or comment holds a NUL byte, which nginx cannot read.
    Nul,
    /// A name, argument or comment is longer than [`MAX_WORD`] in its shortest written form.
    WordTooLong,
    /// Blocks are nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// The text would be larger than [`MAX_BYTES`].
    TooLarge,
    /// A comment holds a line feed or ends in a carriage return.
    CommentBreaksLine,
    /// A `…_by_lua_block` directive whose last argument is no Lua text with balanced braces, or that has a block.
    BadLuaBlock,
}

impl fmt::Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{:?}: ", self.path.join(" > "))?;
        }
        write!(f, "{}", self.problem)
    }
}

impl std::error::Error for PrintError {}

impl fmt::Display for PrintProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul => f.write_str("nginx cannot read a NUL byte"),
            Self::WordTooLong => write!(f, "nginx cannot read a word longer than {MAX_WORD} bytes"),
            Self::TooDeep => write!(f, "blocks are nested deeper than {MAX_DEPTH}"),
            Self::TooLarge => write!(f, "the configuration is larger than {MAX_BYTES} bytes"),
            Self::CommentBreaksLine => f.write_str("a comment must stay on one line"),
            Self::BadLuaBlock => f.write_str("a Lua block needs Lua text with balanced braces as its last argument"),
        }
    }
}
