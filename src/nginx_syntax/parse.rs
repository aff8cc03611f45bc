//! Text to tree.

use super::error::{SyntaxError, SyntaxProblem};
use super::lexer::{Kind, Lexer, Place, Token};
use super::tree::{Directive, Origin};
use super::{MAX_BYTES, MAX_DEPTH, lua};

/// Reads a configuration file into its directives and comments.
///
/// # Errors
/// The first thing nginx would refuse as syntax, or that passes a limit of this module. Whether a directive exists
/// and takes such arguments is not looked at.
pub fn parse(source: &[u8]) -> Result<Vec<Directive>, SyntaxError> {
    let start = Place { line: 1, column: 1 };
    if source.len() > MAX_BYTES {
        return Err(start.error(SyntaxProblem::TooLarge));
    }
    let text = match std::str::from_utf8(source) {
        Ok(text) => text,
        Err(error) => {
            return Err(place_of(source, error.valid_up_to()).error(SyntaxProblem::NotUtf8));
        }
    };
    if let Some(at) = text.find('\0') {
        return Err(place_of(source, at).error(SyntaxProblem::Nul));
    }
    Parser { lexer: Lexer::new(text) }.items(None)
}

/// The place of byte `at`, before which everything is UTF-8.
fn place_of(source: &[u8], at: usize) -> Place {
    let before = String::from_utf8_lossy(&source[..at]);
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    Place { line: number(before.matches('\n').count()), column: number(last_line.chars().count()) }
}

/// The block being read.
#[derive(Clone, Copy)]
struct Opened<'a> {
    name: &'a str,
    line: u32,
    depth: usize,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
}

impl Parser<'_> {
    /// The directives up to the `}` of `within`, or up to the end of the text at the top.
    fn items(&mut self, within: Option<Opened<'_>>) -> Result<Vec<Directive>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            let token = self.lexer.next()?;
            let origin = origin_of(&token);
            match (token.kind, within) {
                (Kind::Word(name), _) => self.directive(name, origin, within, &mut items)?,
                (Kind::Comment(text), _) => {
                    items.push(comment_node(text, Origin { trailing: token.lines_skipped == 0, ..origin }));
                }
                (Kind::Close, Some(_)) | (Kind::End, None) => return Ok(items),
                (Kind::Close, None) => {
                    return Err(token.place.error(SyntaxProblem::UnexpectedClose));
                }
                (Kind::Semicolon, _) => {
                    return Err(token.place.error(SyntaxProblem::NothingBefore(';')));
                }
                (Kind::Open, _) => {
                    return Err(token.place.error(SyntaxProblem::NothingBefore('{')));
                }
                (Kind::End, Some(block)) => {
                    let name = block.name.to_owned();
                    return Err(token.place.error(SyntaxProblem::UnclosedBlock { name, opened: block.line }));
                }
            }
        }
    }

    /// The rest of a directive whose name was just read. Comments amid its arguments go in front of it.
    fn directive(
        &mut self,
        name: String,
        origin: Origin,
        within: Option<Opened<'_>>,
        items: &mut Vec<Directive>,
    ) -> Result<(), SyntaxError> {
        let lua = lua::is_lua(&name, within.map(|block| block.name));
        let mut node = Directive { name, args: Vec::new(), block: None, origin };
        loop {
            let token = self.lexer.next()?;
            let found = origin_of(&token);
            match token.kind {
                Kind::Word(arg) => node.args.push(arg),
                Kind::Comment(text) => {
                    let origin = Origin { gap: node.origin.gap, ..found };
                    items.push(comment_node(text, origin));
                    node.origin.gap = false;
                }
                Kind::Semicolon if lua => {
                    return Err(token.place.error(SyntaxProblem::LuaBlockExpected));
                }
                Kind::Semicolon => break,
                Kind::Open if lua => {
                    node.args.push(self.lexer.lua_body(token.place)?);
                    break;
                }
                Kind::Open => {
                    node.block = Some(self.block(&node.name, token.place, within)?);
                    break;
                }
                Kind::Close | Kind::End => {
                    return Err(token.place.error(SyntaxProblem::MissingSemicolon(node.name)));
                }
            }
        }
        if node.is_comment() {
            let place = Place { line: origin.line, column: origin.column };
            return Err(place.error(SyntaxProblem::LoneHash));
        }
        items.push(node);
        Ok(())
    }

    fn block(&mut self, name: &str, open: Place, within: Option<Opened<'_>>) -> Result<Vec<Directive>, SyntaxError> {
        let depth = within.map_or(0, |block| block.depth) + 1;
        if depth > MAX_DEPTH {
            return Err(open.error(SyntaxProblem::TooDeep));
        }
        self.items(Some(Opened { name, line: open.line, depth }))
    }
}

fn origin_of(token: &Token) -> Origin {
    Origin { line: token.place.line, column: token.place.column, gap: token.lines_skipped >= 2, trailing: false }
}

fn comment_node(text: String, origin: Origin) -> Directive {
    Directive { name: text, args: Vec::new(), block: None, origin }
}
