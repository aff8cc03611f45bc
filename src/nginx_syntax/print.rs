//! Tree to text.

use super::error::{PrintError, PrintProblem};
use super::quote::write_word;
use super::tree::Directive;
use super::{MAX_BYTES, MAX_DEPTH, MAX_WORD, lua};

const INDENT: &str = "    ";

/// Writes directives as a configuration file: four spaces a level, an empty line around blocks, every word quoted
/// where it needs to be.
///
/// The same tree always gives the same text, and no word of it can become anything but that word. A name may be any
/// text, as the keys of `map` and its kin need; a name that is no directive is left for nginx to refuse.
///
/// # Errors
/// What nginx could not read back: see [`PrintProblem`].
pub fn print(directives: &[Directive]) -> Result<String, PrintError> {
    let mut printer = Printer { out: String::new(), path: Vec::new() };
    printer.items(directives)?;
    Ok(printer.out)
}

struct Printer<'a> {
    out: String,
    path: Vec<&'a str>,
}

impl<'a> Printer<'a> {
    fn fail(&self, problem: PrintProblem) -> PrintError {
        PrintError { path: self.path.iter().map(|&name| name.to_owned()).collect(), problem }
    }

    /// Directives on lines of their own. What is open in front of them ends its line here, because a comment may
    /// still join that line.
    fn items(&mut self, items: &'a [Directive]) -> Result<(), PrintError> {
        let parent = self.path.last().copied();
        for (index, item) in items.iter().enumerate() {
            let before = index.checked_sub(1).map(|index| &items[index]);
            if joins_line(before, item, parent) {
                self.out.push(' ');
            } else {
                self.new_line();
                if before.is_some_and(|before| needs_gap(before, &items[index..], parent)) {
                    self.out.push('\n');
                }
                self.indent();
            }
            self.path.push(&item.name);
            self.item(item, parent)?;
            if self.out.len() > MAX_BYTES {
                return Err(PrintError { path: Vec::new(), problem: PrintProblem::TooLarge });
            }
            self.path.pop();
        }
        self.new_line();
        Ok(())
    }

    fn new_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.path.len() {
            self.out.push_str(INDENT);
        }
    }

    fn item(&mut self, item: &'a Directive, parent: Option<&str>) -> Result<(), PrintError> {
        if item.is_comment() {
            return self.comment(&item.name);
        }
        let (words, body) = self.split_body(item, parent)?;
        let mut quoted = self.word(&item.name)?;
        for arg in words {
            // `if ($a = "b")` is read as `"b"` and `)`: nginx lets that one character follow a quote.
            if !(quoted && arg == ")") {
                self.out.push(' ');
            }
            quoted = self.word(arg)?;
        }
        match (body, &item.block) {
            (Some(body), _) => {
                self.out.push_str(" {");
                self.out.push_str(body);
                self.out.push('}');
            }
            (None, None) => self.out.push(';'),
            (None, Some(block)) => self.block(block)?,
        }
        Ok(())
    }

    /// The arguments to write as words, and the Lua text to write as it is.
    fn split_body(
        &self,
        item: &'a Directive,
        parent: Option<&str>,
    ) -> Result<(&'a [String], Option<&'a str>), PrintError> {
        if !lua::is_lua(&item.name, parent) {
            return Ok((&item.args, None));
        }
        let Some((body, words)) = item.args.split_last() else {
            return Err(self.fail(PrintProblem::BadLuaBlock));
        };
        if body.contains('\0') {
            return Err(self.fail(PrintProblem::Nul));
        }
        let closed = format!("{body}}}");
        if item.block.is_some() || lua::body_length(&closed) != Some(body.len()) {
            return Err(self.fail(PrintProblem::BadLuaBlock));
        }
        Ok((words, Some(body)))
    }

    fn block(&mut self, block: &'a [Directive]) -> Result<(), PrintError> {
        if self.path.len() > MAX_DEPTH {
            return Err(self.fail(PrintProblem::TooDeep));
        }
        self.out.push_str(" {");
        if !block.is_empty() {
            self.items(block)?;
            for _ in 1..self.path.len() {
                self.out.push_str(INDENT);
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn comment(&mut self, text: &str) -> Result<(), PrintError> {
        if text.contains('\0') {
            return Err(self.fail(PrintProblem::Nul));
        }
        if text.contains('\n') || text.ends_with('\r') {
            return Err(self.fail(PrintProblem::CommentBreaksLine));
        }
        if text.len() > MAX_WORD {
            return Err(self.fail(PrintProblem::WordTooLong));
        }
        self.out.push_str(text);
        Ok(())
    }

    /// Writes a word and tells whether it stands in quotes.
    fn word(&mut self, word: &str) -> Result<bool, PrintError> {
        let written = write_word(word).map_err(|problem| self.fail(problem))?;
        self.out.push_str(&written.text);
        Ok(written.quoted)
    }
}

/// Whether a comment stays on the line of what stands before it: a directive, or the `{` of the block it is in.
/// Never behind Lua text: a quote in the comment could close one that the Lua text left open on that line.
fn joins_line(before: Option<&Directive>, item: &Directive, parent: Option<&str>) -> bool {
    let joinable = |before: &Directive| !before.is_comment() && !lua::is_lua(&before.name, parent);
    item.is_comment() && item.origin.trailing && before.map_or(parent.is_some(), joinable)
}

/// Whether an empty line sets the first of `items` off from `before`: where the file had one, behind a block, and in
/// front of a block together with the comments that lead up to it.
fn needs_gap(before: &Directive, items: &[Directive], parent: Option<&str>) -> bool {
    let opens = |item: &Directive| item.block.is_some() || lua::is_lua(&item.name, parent);
    if items[0].origin.gap || opens(before) {
        return true;
    }
    if before.is_comment() && !before.origin.trailing {
        return false; // the first comment of the run has the gap
    }
    items.iter().find(|item| !item.is_comment()).is_some_and(opens)
}
