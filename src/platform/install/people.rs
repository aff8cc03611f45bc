//! The system user the panel runs as, and the groups. Debian's tools make them: they work in containers as well, where
//! systemd's `sysusers.d` would need systemd.

use crate::base::{Error, Kind, Result};
use crate::platform::command::{self, Program};
use crate::platform::members::GROUP as CONSOLE_GROUP;
use crate::platform::users::PANEL;
use std::path::Path;
use std::time::Duration;

/// What may be made, and taken away again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    /// The panel's own group.
    PanelGroup,
    /// The group whose members may use the command line.
    ConsoleGroup,
    /// The panel's user.
    PanelUser,
}

impl Person {
    /// All of them, in the order in which they are made.
    pub(super) const ALL: [Person; 3] = [Person::PanelGroup, Person::ConsoleGroup, Person::PanelUser];

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Person::PanelGroup | Person::PanelUser => PANEL,
            Person::ConsoleGroup => CONSOLE_GROUP,
        }
    }

    fn file(self) -> &'static str {
        if self == Person::PanelUser { "etc/passwd" } else { "etc/group" }
    }

    /// Whether the machine at `root` has it.
    pub(super) fn exists(self, root: &Path) -> Result<bool> {
        let text = super::disk::read(&root.join(self.file()))?.unwrap_or_default();
        Ok(text.lines().any(|line| line.split(':').next() == Some(self.name())))
    }

    /// Makes it.
    pub(super) fn make(self, root: &Path) -> Result<()> {
        let prefix = root.display().to_string();
        let prefix = ["--prefix", &prefix];
        let (program, words): (_, &[&str]) = match self {
            Person::PanelUser => {
                let shell = ["--system", "--gid", PANEL, "--home-dir", "/var/lib/manara", "--no-create-home"];
                (Program::UserAdd, &[&shell[..], &["--shell", "/usr/sbin/nologin", "--comment", "Manara"]].concat())
            }
            _ => (Program::GroupAdd, &["--system"]),
        };
        // Only below a prefix: on the machine itself the tools keep more files in step than with it.
        let prefix = if root == Path::new("/") { &[][..] } else { &prefix[..] };
        run(program, &[prefix, words, &[self.name()]].concat())
    }

    /// Takes it away; one that is gone is fine.
    pub(super) fn remove(self, root: &Path) -> Result<()> {
        if !self.exists(root)? {
            return Ok(());
        }
        let prefix = root.display().to_string();
        let prefix: &[&str] = if root == Path::new("/") { &[] } else { &["--prefix", &prefix] };
        let program = if self == Person::PanelUser { Program::UserDel } else { Program::GroupDel };
        run(program, &[prefix, &[self.name()]].concat())
    }
}

fn run(program: Program, words: &[&str]) -> Result<()> {
    let output = command::run(program, words, Duration::from_secs(60), &mut |_| true)?;
    if output.ok {
        return Ok(());
    }
    Err(Error::new(Kind::External, "account_failed").with("what", words.join(" ")).evidence(output.text))
}
