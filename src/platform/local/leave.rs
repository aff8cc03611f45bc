//! Leaving a machine: nginx goes on with plain files, or with what it had before. Only root's console asks for this; the
//! panel cannot, so neither is an operation of the host.

use super::LocalHost;
use crate::base::{Error, Kind, Result, ids};
use crate::nginx_syntax::{Directive, parse, print};
use crate::platform::nginx::{HEADER, HEADER_FROZEN, HEADER_MANAGED, MANAGED, NginxFile, is_ours, ownership, stage};

/// Files as they shall be; `None` for one that goes.
type Files = Vec<(String, Option<String>)>;

/// Begins the names of these changes in the journal; no plan of the panel's begins so.
const PREFIX: &str = "n";

impl LocalHost {
    /// Makes the generated files plain files of nginx, without the panel's endpoints. Sites go on as they are, and an
    /// adopted `nginx.conf` stays where it is. Done again it changes nothing.
    pub fn freeze(&self) -> Result<()> {
        let _one = self.turn();
        self.end_interrupted()?;
        if self.nginx.stat(stage::FROZEN)?.is_some() || self.nginx.stat(&NginxFile::Http.rel())?.is_none() {
            return Ok(());
        }
        let mut files = vec![(stage::FROZEN.to_owned(), Some(String::new())), (stage::generation_rel(), None)];
        for file in NginxFile::BASE {
            let Some(text) = self.read(&file)?.filter(|text| is_ours(text)) else { continue };
            let text = if file == NginxFile::Http { without_endpoints(&text)? } else { text };
            let text = text.replace(&format!("{HEADER} {HEADER_MANAGED}"), &format!("{HEADER} {HEADER_FROZEN}"));
            files.push((file.rel(), Some(text)));
        }
        self.put_through(&files, true)
    }

    /// Takes everything of ours out of nginx's folder and puts back what was there before. Done again it changes nothing.
    pub fn restore(&self) -> Result<()> {
        let _one = self.turn();
        self.end_interrupted()?;
        let gone = |file: NginxFile| self.nginx.stat(&file.rel()).map(|stat| stat.map(|_| (file.rel(), None)));
        let mut files: Files = vec![];
        files.extend(gone(NginxFile::Entry)?);
        files.extend(gone(NginxFile::LateEntry)?);
        if ownership::main_is_ours(&self.nginx)? {
            files.push((NginxFile::Main.rel(), None));
        }
        if !files.is_empty() {
            // Without a former nginx.conf there is none to go on with, and nothing to test.
            let former = !files.iter().any(|(rel, _)| *rel == NginxFile::Main.rel())
                || self.nginx.stat(ownership::ADOPTED)?.is_some();
            self.put_through(&files, former)?;
        }
        self.nginx.remove_tree(MANAGED)
    }

    /// Takes back what an interrupted call left.
    fn end_interrupted(&self) -> Result<()> {
        for plan in self.journal.plans()?.iter().filter(|plan| plan.starts_with(PREFIX)) {
            self.take_back(plan)?;
            self.journal.forget(plan)?;
        }
        Ok(())
    }

    /// Tests the files, puts them in place and has nginx load them where it runs; all or nothing. When not `loaded`,
    /// nginx stays with what it has.
    fn put_through(&self, files: &Files, loaded: bool) -> Result<()> {
        if loaded {
            let texts = files.iter().cloned().collect();
            let report = stage::test(&self.nginx, &self.staging, &texts, self.instance.machine, &self.faults)?;
            if !report.ok {
                let file = report.file.unwrap_or_default();
                return Err(Error::new(Kind::External, "nginx_test_failed").with("file", file).evidence(report.output));
            }
        }
        let plan = ids::new_id(PREFIX)?;
        let (records, moved) = self.records(files)?;
        self.faults.step("keep the nginx files")?;
        self.journal.keep(&plan, &records)?;
        let done = self.put_files(files, moved.as_ref()).and_then(|()| {
            self.faults.step("reload nginx")?;
            if loaded { self.instance.renew() } else { Ok(()) }
        });
        if let Err(cause) = done {
            let undone = self.take_back(&plan).and_then(|()| self.journal.forget(&plan));
            return match undone.and_then(|()| self.instance.renew()) {
                Ok(()) => Err(cause),
                Err(second) => Err(cause.with("undo", "failed").cause(format!("undoing failed as well: {second}"))),
            };
        }
        self.journal.forget(&plan)
    }
}

/// The text of the common file without the server that answers with the generation.
fn without_endpoints(text: &str) -> Result<String> {
    let mut tree = parse(text.as_bytes()).map_err(|e| {
        let file = NginxFile::Http.rel();
        Error::new(Kind::Conflict, "nginx_unreadable").with("file", file).with("reason", e)
    })?;
    let generation = stage::generation_rel();
    let is_control = |directive: &Directive| {
        let inside = directive.block.iter().flatten();
        directive.name == "server" && inside.clone().any(|d| d.name == "include" && d.args == [generation.as_str()])
    };
    tree.retain(|directive| !is_control(directive));
    print(&tree).map_err(Error::fault)
}
