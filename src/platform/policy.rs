//! `host-policy.toml`: how far the host service may go, whatever the panel asks. It belongs to root and is changed on
//! root's console alone.
//!
//! A missing file means the defaults. Unknown keys and wrong values are errors, told all at once; a file that somebody else
//! than root may write is not believed.

#[cfg(test)]
mod tests;

use super::command::Program;
use super::files::{self, RootDir};
use crate::base::error::FieldProblem;
use crate::base::{Error, Kind, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The file, below the root prefix.
pub const FILE: &str = "etc/manara/host-policy.toml";
/// More than any policy.
const BYTES_MAX: usize = 256 * 1024;
/// Most values of one key.
const VALUES_MAX: usize = 1000;

/// Places that no policy opens: who writes or reads there is root, or is the panel's own secrets.
const NEVER: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/manara",
    "/var/lib/manara-host",
    "/var/spool/cron",
];

/// What the host service may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Folders below which sites have their files.
    pub site_roots: Vec<String>,
    /// Units of systemd that may be started, reloaded and stopped; `*` stands for any part of a name.
    pub unit_names: Vec<String>,
    /// Units whose journal may be read, as [`Policy::unit_names`].
    pub log_units: Vec<String>,
    /// Programs that may be run.
    pub programs: Vec<String>,
    /// Packages of the distribution that may be installed.
    pub packages: Vec<String>,
    /// Users whose terminals may be opened. Nothing opens one yet.
    pub terminal_users: Vec<String>,
    /// Whether there is a terminal as root. Nothing opens one yet.
    pub root_terminal: bool,
    /// Folders below which backups may read. Nothing makes them yet.
    pub backup_roots: Vec<String>,
    /// Folders below which restoring may write. Nothing restores yet.
    pub restore_roots: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let list = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        Self {
            site_roots: list(&["/srv/www"]),
            unit_names: list(&["manara-job-*.service", "manara-site-*.service", "nginx.service"]),
            log_units: list(&[
                "cron.service",
                "docker.service",
                "fail2ban.service",
                "manara*.service",
                "mariadb.service",
                "memcached.service",
                "mysql.service",
                "nginx.service",
                "php*-fpm.service",
                "postgresql*.service",
                "redis-server.service",
                "ssh.service",
                "valkey-server.service",
            ]),
            programs: Program::ALL.iter().map(|program| program.name().to_owned()).collect(),
            packages: list(&["nginx"]),
            terminal_users: vec![],
            root_terminal: false,
            backup_roots: list(&["/srv/www"]),
            restore_roots: list(&["/srv/www"]),
        }
    }
}

/// What is wrong with a value: a key below `field_error.` in the catalogue.
type Check = fn(&str) -> Option<&'static str>;

/// A key whose value is a list of texts.
struct List {
    key: &'static str,
    check: Check,
    of: fn(&mut Policy) -> &mut Vec<String>,
}

const LISTS: &[List] = &[
    List { key: "site_roots", check: root, of: |p| &mut p.site_roots },
    List { key: "unit_names", check: unit, of: |p| &mut p.unit_names },
    List { key: "log_units", check: unit, of: |p| &mut p.log_units },
    List { key: "programs", check: program, of: |p| &mut p.programs },
    List { key: "packages", check: package, of: |p| &mut p.packages },
    List { key: "terminal_users", check: user, of: |p| &mut p.terminal_users },
    List { key: "backup_roots", check: root, of: |p| &mut p.backup_roots },
    List { key: "restore_roots", check: root, of: |p| &mut p.restore_roots },
];

/// What the file itself says of each key. It is read by whoever administers the machine.
const COMMENTS: &[(&str, &str)] = &[
    ("site_roots", "Folders below which sites have their files."),
    ("unit_names", "Units of systemd that are started, reloaded and stopped; * stands for any part of a name."),
    ("log_units", "Units whose journal is read; * stands for any part of a name."),
    ("programs", "Programs that are run."),
    ("packages", "Packages of the distribution that are installed."),
    ("terminal_users", "Users whose terminals are opened. Read by a later version: this one opens none."),
    ("root_terminal", "Whether there is a terminal as root. Read by a later version: this one opens none."),
    ("backup_roots", "Folders below which backups read. Read by a later version: this one makes none."),
    ("restore_roots", "Folders below which restoring writes. Read by a later version: this one restores nothing."),
];
/// The key whose value is `true` or `false`.
const FLAG: &str = "root_terminal";

impl Policy {
    /// The policy of the installation at `root`. Errors: `policy_exposed` when others than root may write it,
    /// `policy_invalid` with every problem.
    pub fn load(root: &Path) -> Result<Policy> {
        let path = root.join(FILE);
        trusted(&path)?;
        match files::read_own(&path, BYTES_MAX)? {
            Some(text) => Policy::parse(&text, &path),
            None => Ok(Policy::default()),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Policy> {
        let invalid = |problems: Vec<FieldProblem>| {
            Error::bad_input(problems).renamed("policy_invalid").with("path", path.display())
        };
        let table: Table = text.parse().map_err(|e: toml::de::Error| {
            invalid(vec![FieldProblem::new("", "policy_syntax").with("reason", e.message())])
        })?;
        let (mut policy, mut problems) = (Policy::default(), vec![]);
        for (key, value) in &table {
            match (LISTS.iter().find(|list| list.key == key), value) {
                (Some(list), Value::Array(values)) => {
                    *(list.of)(&mut policy) = read_list(list, values, &mut problems);
                }
                (None, Value::Boolean(yes)) if key == FLAG => policy.root_terminal = *yes,
                (Some(_), _) => problems.push(FieldProblem::new(key, "policy_list")),
                (None, _) if key == FLAG => problems.push(FieldProblem::new(key, "policy_flag")),
                (None, _) => problems.push(FieldProblem::new(key, "policy_key").with("keys", keys())),
            }
        }
        if problems.is_empty() { Ok(policy) } else { Err(invalid(problems)) }
    }

    /// Adds a value to a list, or sets the flag. Errors: as [`Policy::load`] for the key and the value.
    pub fn allow(&mut self, key: &str, value: &str) -> Result<()> {
        if key == FLAG {
            self.root_terminal = match value {
                "true" => true,
                "false" => false,
                _ => return Err(Error::bad_field(FieldProblem::new(key, "policy_flag"))),
            };
            return Ok(());
        }
        let problem = |problem: FieldProblem| Error::bad_field(problem);
        let unknown = || problem(FieldProblem::new(key, "policy_key").with("keys", keys()));
        let list = LISTS.iter().find(|list| list.key == key).ok_or_else(unknown)?;
        if let Some(code) = (list.check)(value) {
            return Err(problem(FieldProblem::new(key, code).with("value", value)));
        }
        let values = (list.of)(self);
        if !values.iter().any(|there| there == value) {
            values.push(value.to_owned());
        }
        Ok(())
    }

    /// Writes the policy of the installation at `root`; for root's console.
    pub fn save(&self, root: &Path) -> Result<PathBuf> {
        let path = root.join(FILE);
        let (folder, name) = (path.parent().unwrap_or(root), "host-policy.toml");
        RootDir::open_or_make(folder)?.write(name, self.text()?.as_bytes(), 0o644)?;
        Ok(path)
    }

    /// The policy as it stands in its file.
    pub fn text(&self) -> Result<String> {
        let values = Table::try_from(self).map_err(Error::fault)?;
        let line = |(key, comment): &(&str, &str)| Some(format!("\n# {comment}\n{key} = {}\n", values.get(*key)?));
        let body: String = COMMENTS.iter().filter_map(line).collect();
        Ok(format!(
            "# How far the host service goes, whatever the panel asks. It reads this anew with each operation. Only root may\n\
             # write here; `manara host policy allow KEY VALUE` does.\n{body}"
        ))
    }

    /// Checks that `package` may be installed. Error: `policy_refuses`.
    pub fn package(&self, package: &str) -> Result<()> {
        listed(&self.packages, "packages", package)
    }

    /// Checks that `program` may be run. Error: `policy_refuses`.
    pub fn program(&self, program: Program) -> Result<()> {
        listed(&self.programs, "programs", program.name())
    }

    /// Checks that sites may have files in `folder` (absolute, without the root prefix). Error: `policy_refuses`.
    pub fn site_folder(&self, folder: &str) -> Result<()> {
        let below =
            |root: &String| folder == root || folder.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
        if self.site_roots.iter().any(below) { Ok(()) } else { Err(refuses("site_roots", folder)) }
    }

    /// Checks that the unit may be controlled. Error: `policy_refuses`.
    pub fn unit(&self, name: &str) -> Result<()> {
        named(&self.unit_names, "unit_names", name)
    }

    /// Checks that the unit's journal may be read. Error: `policy_refuses`.
    pub fn log_unit(&self, name: &str) -> Result<()> {
        named(&self.log_units, "log_units", name)
    }
}

fn listed(values: &[String], key: &'static str, value: &str) -> Result<()> {
    if values.iter().any(|there| there == value) { Ok(()) } else { Err(refuses(key, value)) }
}

fn named(patterns: &[String], key: &'static str, name: &str) -> Result<()> {
    let is_name = unit(name).is_none() && !name.contains('*');
    if is_name && patterns.iter().any(|pattern| matches(pattern, name)) { Ok(()) } else { Err(refuses(key, name)) }
}

/// The error for what the policy does not allow; its hint is the line that root may run.
fn refuses(key: &'static str, value: &str) -> Error {
    Error::new(Kind::Forbidden, "policy_refuses").with("key", key).with("value", value)
}

fn keys() -> String {
    LISTS.iter().map(|list| list.key).chain([FLAG]).collect::<Vec<_>>().join(", ")
}

/// A file that somebody else than root (or, below a prefix of one's own, than this user) could have written says nothing.
/// The same goes for its folder, in which a file can be exchanged.
fn trusted(path: &Path) -> Result<()> {
    if files::owner(path)?.is_none() {
        return Ok(());
    }
    for path in [Some(path), path.parent()].into_iter().flatten() {
        if let Some((uid, _, mode)) = files::owner(path)?
            && ((uid != 0 && uid != files::own_uid()) || mode & 0o022 != 0)
        {
            let exposed = Error::new(Kind::Unavailable, "policy_exposed");
            return Err(exposed.with("path", path.display()).with("mode", format!("{mode:04o}")).with("uid", uid));
        }
    }
    Ok(())
}

fn read_list(list: &List, values: &[Value], problems: &mut Vec<FieldProblem>) -> Vec<String> {
    if values.len() > VALUES_MAX {
        problems.push(FieldProblem::new(list.key, "policy_many").with("max", VALUES_MAX));
        return vec![];
    }
    let mut read = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let field = format!("{}[{at}]", list.key);
        match value.as_str() {
            None => problems.push(FieldProblem::new(field, "policy_text")),
            Some(text) => match (list.check)(text) {
                Some(code) => problems.push(FieldProblem::new(field, code).with("value", text)),
                None => read.push(text.to_owned()),
            },
        }
    }
    read
}

fn root(text: &str) -> Option<&'static str> {
    let parts: Vec<&str> = text.split('/').collect();
    let plain = |part: &&str| !matches!(*part, "" | "." | "..") && !part.chars().any(char::is_control);
    let absolute = parts.len() > 1 && parts[0].is_empty() && parts[1..].iter().all(plain);
    if !absolute || text.len() > 4096 {
        return Some("policy_path");
    }
    // Neither such a place, nor one inside it, nor one that holds it.
    let touches = |place: &&str| {
        text == *place || text.starts_with(&format!("{place}/")) || place.starts_with(&format!("{text}/"))
    };
    NEVER.iter().any(touches).then_some("policy_never")
}

fn unit(text: &str) -> Option<&'static str> {
    let fine = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@:*".contains(&b));
    let kind = [".service", ".timer", ".socket", ".slice", ".target"].iter().any(|end| text.ends_with(end));
    let named = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    (!fine || !kind || !named || text.len() > 255).then_some("policy_unit")
}

fn program(text: &str) -> Option<&'static str> {
    Program::ALL.iter().all(|program| program.name() != text).then_some("policy_program")
}

/// Debian policy §5.6.1.
fn package(text: &str) -> Option<&'static str> {
    let fine = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    (!fine || !begins || !(2..=128).contains(&text.len())).then_some("policy_package")
}

/// A user other than root, for whom there is a switch of its own.
fn user(text: &str) -> Option<&'static str> {
    let fine = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
    (!fine || !begins || text.len() > 32 || text == "root").then_some("policy_user")
}

/// Whether `name` is of the form `pattern`, in which `*` stands for any text.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches(after, &rest[at..]))
}
