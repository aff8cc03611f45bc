//! Putting the panel on a machine: a list of what is missing, and making it. Doing it again makes what is missing still;
//! on a machine that has everything the list is empty. So an interrupted run is completed by the next one, and an update
//! brings units, files and modes to the new version by running the new version's setup.

use super::own_files::{self, Ids, OWN_FILES, OwnFile, What};
use super::people::Person;
use super::receipt::Receipt;
use super::{disk, release, units};
use crate::base::{self, Error, Result, ids};
use crate::config::value::Kind;
use crate::platform::command;
use crate::platform::faults::Faults;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// This version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Folder of the versions, below the root prefix.
pub(super) const VERSIONS: &str = "opt/manara";
/// Link to the version in use, in [`VERSIONS`].
pub(super) const CURRENT: &str = "opt/manara/current";
/// The command for everybody.
pub(super) const COMMAND: &str = "usr/local/bin/manara";
const COMMAND_TARGET: &str = "/opt/manara/current/manara";
const CONFIG: &str = "/etc/manara/manara.toml";
const KEY: &str = "/etc/manara/secret.key";
const RELEASE_KEY: &str = "/etc/manara/release.pub";
/// The configuration of a new installation.
const CONFIGURATION: &str =
    "# Configuration of the Manara panel. All options: `manara config show`.\nprofile = \"production\"\n";
/// Time the new panel may take to make its database.
const FIRST_RUN_S_MAX: u64 = 120;
/// Bytes of a new master key.
const KEY_BYTES: usize = 32;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where the machine is.
    pub root: PathBuf,
    /// The program that becomes this version.
    pub program: PathBuf,
    /// The public key that updates are checked with, as minisign writes it.
    pub release_key: Option<String>,
    /// Address below which releases are published, for a new configuration.
    pub release_url: Option<String>,
    /// Port of the panel, when it is started for the first time.
    pub port: Option<u16>,
    /// Whether units are started. (An update starts them itself.)
    pub start: bool,
}

/// One change that setup makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What is done; `cli.setup.KIND` in the catalogue words it.
    pub kind: &'static str,
    /// To what.
    pub name: String,
}

#[derive(Debug, Clone)]
enum Step {
    Person(Person),
    Folder(&'static OwnFile),
    Program,
    Current,
    Command,
    Text(&'static OwnFile, Vec<u8>, bool),
    Unit(&'static str),
    Repair(PathBuf),
    Enable(&'static str),
    Start,
}

impl Step {
    fn shown(&self) -> Change {
        let change = |kind, name: &dyn std::fmt::Display| Change { kind, name: name.to_string() };
        match self {
            Step::Person(Person::PanelUser) => change("user", &Person::PanelUser.name()),
            Step::Person(group) => change("group", &group.name()),
            Step::Folder(own) => change("folder", &own.path),
            Step::Program => change("file", &format!("/{VERSIONS}/{VERSION}/manara")),
            Step::Current => change("link", &format!("/{CURRENT} → {VERSION}")),
            Step::Command => change("link", &format!("/{COMMAND} → {COMMAND_TARGET}")),
            Step::Text(own, _, false) => change("file", &own.path),
            Step::Text(own, _, true) => change("replace", &own.path),
            Step::Unit(name) => change("file", &format!("/{}/{name}", units::FOLDER)),
            Step::Repair(path) => change("repair", &path.display()),
            Step::Enable(unit) => change("enable", unit),
            Step::Start => change("start", &units::PANEL),
        }
    }
}

/// What setup would do. Makes nothing.
pub fn changes(wanted: &Wanted) -> Result<Vec<Change>> {
    Ok(steps(wanted)?.iter().map(Step::shown).collect())
}

/// Makes what is missing; `tell` hears of each change before it is made. As root only.
pub fn run(wanted: &Wanted, faults: &Faults, tell: &mut dyn FnMut(&Change)) -> Result<()> {
    let mut receipt = Receipt::read(&wanted.root)?;
    for step in steps(wanted)? {
        tell(&step.shown());
        faults.step(step.shown().kind)?;
        apply(wanted, &step, &mut receipt)?;
    }
    // What was made with other modes by an earlier version, or changed since.
    own_files::enforce(&wanted.root).map(drop)
}

fn steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let root = &wanted.root;
    let mut steps = Vec::new();
    for person in Person::ALL {
        if !person.exists(root)? {
            steps.push(Step::Person(person));
        }
    }
    let folders = OWN_FILES.iter().filter(|own| own.what == What::Folder && !own.at(root).is_dir());
    steps.extend(folders.map(Step::Folder));
    let binary = root.join(VERSIONS).join(VERSION).join("manara");
    if !same_content(&binary, &wanted.program)? {
        steps.push(Step::Program);
    }
    steps.extend(texts(wanted)?);
    if disk::link_target(&root.join(CURRENT)).as_deref() != Some(Path::new(VERSION)) {
        steps.push(Step::Current);
    }
    if disk::link_target(&root.join(COMMAND)).as_deref() != Some(Path::new(COMMAND_TARGET)) {
        steps.push(Step::Command);
    }
    for (name, _) in units::UNITS {
        if !units::is_current(root, name)? {
            steps.push(Step::Unit(name));
        }
    }
    if units::systemd_runs(root) {
        let missing = units::ENABLED.into_iter().filter(|unit| !is_enabled(root, unit));
        steps.extend(missing.map(Step::Enable));
        if wanted.start && units::systemctl(&["is-active", "--quiet", units::PANEL]).is_err() {
            steps.push(Step::Start);
        }
    }
    if steps.iter().all(|step| !matches!(step, Step::Person(_))) {
        steps.extend(own_files::flaws(root)?.into_iter().map(Step::Repair));
    }
    Ok(steps)
}

/// Configuration, master key and release key, where they are missing. A release key that was given replaces another one.
fn texts(wanted: &Wanted) -> Result<Vec<Step>> {
    let row = |path: &str| OWN_FILES.iter().find(|own| own.path == path).ok_or_else(|| Error::fault(path));
    let mut steps = Vec::new();
    let config = row(CONFIG)?;
    if !disk::exists(&config.at(&wanted.root)) {
        let url = wanted.release_url.as_deref().map(|url| Kind::Origin.read(url)).transpose();
        let url = url.map_err(|reason| Error::bad_field(reason.for_field("release-url")))?;
        let url = url.map(|url| format!("release.url = \"{url}\"\n")).unwrap_or_default();
        steps.push(Step::Text(config, format!("{CONFIGURATION}{url}").into(), false));
    }
    let key = row(KEY)?;
    if !disk::exists(&key.at(&wanted.root)) {
        let mut bytes = vec![0; KEY_BYTES];
        ids::fill_random(&mut bytes)?;
        steps.push(Step::Text(key, bytes, false));
    }
    if let Some(given) = &wanted.release_key {
        release::PublicKey::parse(given)?;
        let own = row(RELEASE_KEY)?;
        let there = disk::read(&own.at(&wanted.root))?;
        let given = format!("{}\n", given.trim());
        if there.as_deref() != Some(given.as_str()) {
            steps.push(Step::Text(own, given.into_bytes(), there.is_some()));
        }
    }
    Ok(steps)
}

fn is_enabled(root: &Path, unit: &str) -> bool {
    let target = if unit.ends_with(".socket") { "sockets.target.wants" } else { "multi-user.target.wants" };
    disk::exists(&root.join(units::FOLDER).join(target).join(unit))
}

fn same_content(there: &Path, wanted: &Path) -> Result<bool> {
    if there == wanted {
        return Ok(true);
    }
    Ok(disk::exists(there) && release::sha256_of(there)? == release::sha256_of(wanted)?)
}

fn apply(wanted: &Wanted, step: &Step, receipt: &mut Receipt) -> Result<()> {
    let root = &wanted.root;
    match step {
        Step::Person(person) => {
            receipt.note(&format!("{}:{}", step.shown().kind, person.name()))?;
            person.make(root)
        }
        Step::Folder(own) => {
            receipt.note(&format!("folder:{}", own.path))?;
            disk::make_folder(&own.at(root), own.mode)?;
            disk::set_owner_and_mode(&own.at(root), Ids::read(root)?.of(own), own.mode)
        }
        Step::Program => {
            let folder = root.join(VERSIONS).join(VERSION);
            disk::make_folder(&folder, 0o755)?;
            disk::copy_program(&wanted.program, &folder.join("manara"))
        }
        Step::Current => disk::link(&root.join(CURRENT), VERSION),
        Step::Command => {
            disk::make_folder(root.join(COMMAND).parent().unwrap_or(root), 0o755)?;
            disk::link(&root.join(COMMAND), COMMAND_TARGET)
        }
        Step::Text(own, text, _) => disk::write(&own.at(root), text, own.mode, Ids::read(root)?.of(own)),
        Step::Unit(name) => {
            let folder = root.join(units::FOLDER);
            disk::make_folder(&folder, 0o755)?;
            let text = units::text(name).ok_or_else(|| Error::fault(*name))?;
            disk::write(&folder.join(name), text.as_bytes(), 0o644, own_files::me())?;
            if units::systemd_runs(root) { units::systemctl(&["daemon-reload"]).map(drop) } else { Ok(()) }
        }
        Step::Repair(_) => own_files::enforce(root).map(drop),
        Step::Enable(unit) => units::systemctl(&["enable", "--quiet", unit]).map(drop),
        Step::Start => {
            units::systemctl(&["start", "manara-host.socket"])?;
            if let Some(port) = wanted.port {
                receipt.note_port(port)?;
                set_port(root, port)?;
            }
            units::systemctl(&["start", units::PANEL]).map(drop)
        }
    }
}

/// Has the panel listen on `port` from its first start on; it may not be able to start on the usual one. A process of its
/// own, because it gives up being root.
fn set_port(root: &Path, port: u16) -> Result<()> {
    let words = ["--json", "unlock", "--listen", &everywhere(port)];
    let program = root.join(CURRENT).join("manara");
    let output = command::run_version(&program, &words, Duration::from_secs(FIRST_RUN_S_MAX))?;
    if output.ok {
        return Ok(());
    }
    let e = Error::new(base::Kind::External, "version_command_failed").with("version", VERSION);
    Err(e.with("command", words.join(" ")).evidence(output.text))
}

/// Where the panel listens by its installation, when the installer was asked for a port; `None` also for a caller who may
/// not read what the installer wrote.
pub fn installed_listen(root: &Path) -> Result<Option<String>> {
    match Receipt::read(root) {
        Ok(receipt) => Ok(receipt.port().map(everywhere)),
        Err(e) if e.code() == "file_denied" => Ok(None),
        Err(e) => Err(e),
    }
}

fn everywhere(port: u16) -> String {
    format!("[::]:{port}")
}

/// Refuses to go on for anybody but root. Below a prefix whoever owns the folder may.
pub fn refuse_unless_root(root: &Path) -> Result<()> {
    if root != Path::new("/") || own_files::me().0 == 0 {
        return Ok(());
    }
    Err(Error::new(base::Kind::Forbidden, "needs_root"))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::platform::faults::Fault;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_second_run_finds_nothing_to_do() {
        let machine = testing::machine();
        let planned = changes(&machine.wanted).unwrap();
        let mut made = Vec::new();
        run(&machine.wanted, &Faults::default(), &mut |change| made.push(change.clone())).unwrap();
        assert_eq!(planned, made, "the dry run lists what is done");
        assert_eq!(changes(&machine.wanted).unwrap(), []);
        let about = |path: &str| machine.root().join(path).symlink_metadata().unwrap();
        assert_eq!(about("etc/manara/secret.key").mode() & 0o7777, 0o640);
        assert_eq!(about("etc/manara/secret.key").len(), 32);
        assert_eq!(about("var/lib/manara-host").mode() & 0o7777, 0o700);
        assert_eq!(about("opt/manara/current/manara").mode() & 0o7777, 0o755);
    }

    #[test]
    fn a_run_that_fails_at_any_step_is_completed_by_the_next() {
        let whole = changes(&testing::machine().wanted).unwrap();
        for n in 1..=whole.len() as u64 {
            let machine = testing::machine();
            let faults = Faults::default();
            faults.arm(Fault::Fail(n));
            assert!(run(&machine.wanted, &faults, &mut |_| {}).is_err());
            run(&machine.wanted, &Faults::default(), &mut |_| {}).unwrap();
            assert_eq!(changes(&machine.wanted).unwrap(), [], "after a failure at step {n}");
        }
    }

    #[test]
    fn a_new_configuration_says_where_releases_come_from() {
        let mut machine = testing::machine();
        machine.wanted.release_url = Some("http://releases.example".into());
        assert_eq!(changes(&machine.wanted).unwrap_err().fields()[0].code, "option.not_origin");
        machine.wanted.release_url = Some("https://releases.example/manara/".into());
        run(&machine.wanted, &Faults::default(), &mut |_| {}).unwrap();
        let text = std::fs::read_to_string(machine.root().join("etc/manara/manara.toml")).unwrap();
        assert!(text.ends_with("release.url = \"https://releases.example/manara\"\n"), "{text}");
    }

    #[test]
    fn the_port_that_was_asked_for_is_remembered() {
        let machine = testing::machine();
        run(&machine.wanted, &Faults::default(), &mut |_| {}).unwrap();
        assert_eq!(installed_listen(machine.root()).unwrap(), None, "nobody asked for one");
        Receipt::read(machine.root()).unwrap().note_port(9555).unwrap();
        assert_eq!(installed_listen(machine.root()).unwrap().as_deref(), Some("[::]:9555"));
        assert_eq!(changes(&machine.wanted).unwrap(), [], "what was made is still known");
    }

    #[test]
    fn what_the_admin_wrote_stays() {
        let machine = testing::machine();
        run(&machine.wanted, &Faults::default(), &mut |_| {}).unwrap();
        let (config, key) =
            (machine.root().join("etc/manara/manara.toml"), machine.root().join("etc/manara/secret.key"));
        std::fs::write(&config, "profile = \"production\"\nlog.level = \"debug\"\n").unwrap();
        let before = std::fs::read(&key).unwrap();
        std::fs::remove_file(machine.root().join("etc/systemd/system/manara.service")).unwrap();
        let again = changes(&machine.wanted).unwrap();
        assert_eq!(again.len(), 1, "{again:?}");
        run(&machine.wanted, &Faults::default(), &mut |_| {}).unwrap();
        assert!(std::fs::read_to_string(&config).unwrap().contains("debug"));
        assert_eq!(std::fs::read(&key).unwrap(), before);
    }
}
