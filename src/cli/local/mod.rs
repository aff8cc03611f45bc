//! Commands that are no operation of the panel: they start it, or work while it does not run.

mod claim;
mod config;
mod host;
mod itself;
mod migrate;
mod nginx;
mod state;
mod system;
mod unlock;
mod words;

use super::globals::Globals;
use super::output::{Failure, Screen};
use super::tree::Say;
use crate::base::Result;
use crate::base::locale::Lang;
use crate::config::{Loaded, Override, Setting};
use clap::{Arg, ArgMatches, Command};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One part of the program that was tried.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SelfCheck {
    /// Stable name; `cli.self_test.NAME` in the catalogue.
    pub name: &'static str,
    /// What went wrong.
    pub problem: Option<String>,
}

/// What a migration command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Migrate {
    /// Where the database stands.
    Status,
    /// Apply what is pending.
    Up,
    /// Go back to this version.
    Down(u32),
    /// Try the migrations on copies.
    Check,
    /// Keep a copy of the database.
    Snapshot,
    /// Put such a copy back.
    Restore(PathBuf),
}

/// Where a release comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseFrom {
    /// This tarball; list and signature are beside it.
    File(PathBuf),
    /// Where releases are published: this version, or the newest.
    Published(Option<String>),
}

/// What is done with the installation itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Itself {
    /// Put this program on the machine with everything it needs.
    Setup {
        /// Whether anything is done, or only listed.
        apply: bool,
        /// Whether its units are started.
        start: bool,
        /// File with the key that releases are signed with.
        release_key: Option<PathBuf>,
        /// Address below which releases are published, for a new configuration.
        release_url: Option<String>,
        /// Port of the panel.
        port: Option<u16>,
    },
    /// Take it away.
    Remove {
        /// Whether anything is done, or only listed.
        apply: bool,
        /// Whether data, configuration and accounts go, too.
        purge: bool,
        /// Whether the files of sites go with them.
        sites: bool,
    },
    /// Go to another version.
    Update {
        /// Where it comes from.
        release: ReleaseFrom,
        /// Whether an older version is wanted.
        downgrade: bool,
        /// Whether this process does it, or a unit of its own.
        foreground: bool,
    },
    /// Go to the version before this one.
    Rollback {
        /// Whether this process does it, or a unit of its own.
        foreground: bool,
    },
    /// Hold owners and modes of its files against the table, and put right what can be.
    Files,
    /// Take back an update that was interrupted.
    Recover {
        /// Whether units are started afterwards; at boot they start by themselves.
        start: bool,
    },
    /// Tell which versions there are.
    Status,
}

/// Hears what is being done: kind and name.
pub type Tell<'a> = &'a mut dyn FnMut(&str, &str);

/// How the host service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostRun {
    /// Until it is told to stop.
    Service,
    /// Until the process that started it is gone.
    WithParent,
    /// Repairs what an earlier run left half done, and ends.
    Recover,
}

/// How nginx goes on without the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// With the panel's files as plain ones.
    Freeze,
    /// With what it had before.
    Restore,
}

/// What is done with the policy of the host service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyAct<'a> {
    /// Read and checked.
    Show,
    /// One key is given one more value.
    Allow {
        /// The key.
        key: &'a str,
        /// The value.
        value: &'a str,
    },
}

/// What local commands need from above: the composition root answers it.
pub trait Local {
    /// The configuration of the installation at `root`; an error names every problem.
    fn config(&self, root: &Path, overrides: Vec<Override>) -> Result<Loaded>;
    /// As [`Local::config`], with what is wrong with the files it names.
    fn checked_config(&self, root: &Path, overrides: Vec<Override>) -> Result<Loaded>;
    /// Every option with the values that are stored, also while the panel runs.
    fn settings(&self, loaded: &Loaded) -> Result<Vec<Setting>>;
    /// Runs the panel until it is told to stop. `listen` is where, instead of the configured address.
    fn serve(&self, loaded: Loaded) -> Result<()>;
    /// Reads or widens the policy of the host service of the installation at `root`; answers its file as it stands then.
    fn policy(&self, root: &Path, act: PolicyAct<'_>) -> Result<String>;
    /// Runs the host service.
    fn host(&self, loaded: &Loaded, run: HostRun) -> Result<()>;
    /// What is wrong with the machine and the installation: `{broken, findings, machine}`.
    fn doctor(&self, loaded: &Loaded, lang: Lang) -> Result<Value>;
    /// Has nginx go on without the panel.
    fn leave_nginx(&self, loaded: &Loaded, how: Leave) -> Result<()>;
    /// Looks at the database's migrations or runs them.
    fn migrate(&self, loaded: &Loaded, what: Migrate) -> Result<Value>;
    /// Calls one of the operations that take the server over, in this process, as the console; the panel must not run.
    fn claim(&self, loaded: Loaded, lang: Lang, operation: &str, input: Value) -> Result<Value>;
    /// Works on the installation at `root`; the answer's form depends on what is done.
    fn itself(&self, root: &Path, what: &Itself, tell: Tell<'_>) -> Result<Value>;
    /// Has the service manager, where there is one, start the panel anew; one that does not run stays so.
    fn restart(&self, root: &Path) -> Result<()>;
    /// Where the panel listens when nobody said otherwise since its installation; `None` where the installer was not asked
    /// for a port, or the caller may not know.
    fn installed_listen(&self, root: &Path) -> Result<Option<String>>;
    /// The text of a unit of systemd.
    fn unit(&self, name: &str) -> Option<&'static str>;
    /// Tries every part that a broken build could lack.
    fn self_test(&self) -> Vec<SelfCheck>;
}

/// A local command.
pub struct LocalCommand {
    /// Its name.
    pub name: &'static str,
    pub(super) build: fn(Command, Say) -> Command,
    pub(super) run: fn(&Run) -> Result<u8, Failure>,
}

/// A local command as it was called.
pub(super) struct Run<'a> {
    pub(super) path: &'a [&'a str],
    pub(super) matches: &'a ArgMatches,
    pub(super) globals: &'a Globals,
    pub(super) screen: &'a Screen,
    pub(super) local: &'a dyn Local,
}

impl Run<'_> {
    /// The word after the command's name.
    fn verb(&self) -> &str {
        self.path.get(1).copied().unwrap_or_default()
    }

    /// The value of a flag or argument.
    fn text(&self, name: &str) -> Option<&str> {
        self.matches.try_get_one::<String>(name).ok().flatten().map(String::as_str)
    }

    /// Whether a switch is on.
    fn is_set(&self, name: &str) -> bool {
        self.matches.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or(false)
    }

    fn loaded(&self) -> Result<Loaded> {
        self.local.config(&self.globals.root, self.globals.overrides.clone())
    }
}

/// Every local command, in the order of the help.
pub const LOCAL: &[LocalCommand] = &[
    LocalCommand { name: "plan", build: state::build_plan, run: state::plan },
    LocalCommand { name: "apply", build: state::build_apply, run: state::apply },
    LocalCommand { name: "export", build: words::plain, run: state::export },
    LocalCommand { name: "serve", build: system::build_serve, run: system::serve },
    LocalCommand { name: "host", build: host::build, run: host::run },
    LocalCommand { name: "claim", build: claim::build, run: claim::run },
    LocalCommand { name: "unlock", build: unlock::build, run: unlock::run },
    LocalCommand { name: "doctor", build: words::plain, run: system::doctor },
    LocalCommand { name: "config", build: config::build, run: config::run },
    LocalCommand { name: "migrate", build: migrate::build, run: migrate::run },
    LocalCommand { name: "self", build: itself::build, run: itself::run },
    LocalCommand { name: "nginx", build: nginx::build, run: nginx::run },
    LocalCommand { name: "self-test", build: words::plain, run: system::self_test },
    LocalCommand { name: "openapi", build: words::plain, run: words::openapi },
    LocalCommand { name: "completions", build: words::build_completions, run: words::completions },
    LocalCommand { name: "man", build: words::build_man, run: words::man },
    LocalCommand { name: "reference", build: words::build_reference, run: words::reference },
];

/// A flag of a local command, with its text `cli.local.COMMAND.NAME`.
fn flag(command: &str, name: &'static str, say: Say) -> Arg {
    argument(command, name, say).long(name)
}

/// An argument by position.
fn argument(command: &str, name: &'static str, say: Say) -> Arg {
    let word = |text: &str| text.replace('-', "_");
    let help = say.say(&format!("cli.local.{}.{}", word(command), word(name)));
    Arg::new(name).help(help).help_heading(say.say("cli.heading.flags"))
}

/// Commands below a local one, without arguments of their own.
fn verbs(command: Command, name: &str, verbs: &[&'static str], say: Say) -> Command {
    let mut group = super::tree::group(command, &["manara", name], say);
    for verb in verbs {
        group = group.subcommand(Command::new(*verb).about(say.say(&format!("cli.local.{name}.{verb}"))));
    }
    group
}
