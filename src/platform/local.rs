//! The machine itself, in process: the development profile, and the body of the root host service.

mod leave;
mod whose;

use super::clock::SystemClock;
use super::command::Program;
use super::files::RootDir;
use super::journal::{self, Journal, Record, Stage};
use super::logs::{self as log_files, LogPage, LogQuery, LogSource};
use super::nginx::process::{self, Instance};
use super::nginx::{FileState, NginxChange, NginxFile, NginxStatus, Ownership, Taken};
use super::nginx::{allow, logs, neighbours, ownership, secrets, sha256_hex, stage};
use super::policy::Policy;
use super::processes::Watch;
use super::{Faults, Host, HostOp, HostReply, Lines, SiteTree, components, daemons, users};
use crate::base::clock::Clock;
use crate::base::limits::{GENERATION_STEP_MAX, LOG_TEXT_BYTES_MAX, MANAGED_FILE_BYTES_MAX, SYNC_EACH_MAX};
use crate::base::names::{Domain, SiteId};
use crate::base::{Error, Kind, Result};
use crate::config::NginxOwnership;
use crate::nginx_syntax::print;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where things are on this machine.
#[derive(Debug, Clone)]
pub struct Places {
    /// Everything hangs below this; `/` on a real machine.
    pub root: PathBuf,
    /// URL under which nginx answers with its generation.
    pub probe: String,
    /// Whether packages may be installed: not from a development profile, unless its owner said so.
    pub may_install: bool,
    /// How root says that nginx is divided between the panel and others.
    pub ownership: NginxOwnership,
    /// HTTP and HTTPS port of the sites.
    pub ports: (u16, u16),
    /// Whether nginx ends with the panel: in the development profile. On a real machine nobody stops it through the panel.
    pub may_stop_nginx: bool,
}

/// The machine, through descriptors of the folders the panel may touch.
pub struct LocalHost {
    nginx: RootDir,
    web: RootDir,
    logs: RootDir,
    staging: RootDir,
    journal: Journal,
    /// What work in units of its own printed.
    jobs: RootDir,
    instance: Instance,
    faults: Arc<Faults>,
    may_install: bool,
    may_stop_nginx: bool,
    /// Where the policy lies: the root prefix.
    root: PathBuf,
    roots: allow::Roots,
    wish: NginxOwnership,
    ports: (u16, u16),
    /// nginx's tree is staged, switched and reloaded by one caller at a time.
    busy: Mutex<()>,
    /// Packages are installed by one caller at a time, as a package manager has it anyway.
    installing: Mutex<()>,
    watch: Watch,
}

const TRASH: &str = ".trash";
/// Folder of the sites, without the root prefix.
const SITES: &str = "/srv/www";

impl LocalHost {
    /// Opens the folders below `places.root`, making those that are missing. Refuses to work under a policy that cannot be
    /// read or that others than root may write.
    pub fn open(places: &Places, faults: Arc<Faults>) -> Result<Self> {
        Policy::load(&places.root)?;
        let below = |path: &str| RootDir::open_or_make(&places.root.join(path));
        let machine = places.root.as_os_str() == "/";
        below("var/lib/acme-challenge")?;
        // On the machine itself these come with nginx's package.
        for path in ["run", "var/lib/nginx"].iter().filter(|_| !machine) {
            below(path)?;
        }
        below("var/lib/manara-host")?.make_private()?;
        let nginx = below("etc/nginx")?;
        Ok(Self {
            instance: Instance {
                conf: nginx.path(""),
                pid: places.root.join("run/nginx.pid"),
                error_log: places.root.join("var/log/nginx/error.log"),
                probe: places.probe.clone(),
                machine,
            },
            wish: places.ownership,
            ports: places.ports,
            nginx,
            web: below(SITES.trim_start_matches('/'))?,
            logs: below("var/log/nginx")?,
            staging: below("var/lib/manara-host/staging")?,
            jobs: below("var/lib/manara-host/jobs")?,
            journal: Journal::open(below("var/lib/manara-host/journal")?),
            faults,
            may_install: places.may_install,
            may_stop_nginx: places.may_stop_nginx,
            root: places.root.clone(),
            roots: allow::Roots::at(&places.root),
            busy: Mutex::new(()),
            installing: Mutex::new(()),
            watch: Watch::default(),
        })
    }

    fn status(&self) -> Result<NginxStatus> {
        let (version, modules) = super::nginx::installed()?.map_or((None, vec![]), |(v, m)| (Some(v), m));
        let running = self.instance.master().is_some();
        let generation = if running { self.instance.generation() } else { None };
        let ownership = ownership::kept(&self.nginx)?;
        let shared = ownership == Some(Ownership::Shared);
        let taken = if shared { neighbours::look(&self.nginx, &|_| true, self.ports)?.taken } else { Taken::default() };
        let frozen = self.nginx.stat(stage::FROZEN)?.is_some();
        Ok(NginxStatus { version, modules, running, generation, ownership, taken, frozen })
    }

    fn prepare(&self) -> Result<()> {
        stage::FOLDERS.iter().try_for_each(|folder| self.nginx.make_dirs(folder, 0o755))?;
        if self.nginx.stat(&stage::generation_rel())?.is_none() {
            self.write_generation(0)?;
        }
        secrets::ensure(&self.nginx, self.key_group()?)?;
        self.decide()
    }

    /// The group of nginx's workers, where they are not who writes the keys.
    fn key_group(&self) -> Result<Option<u32>> {
        if self.instance.machine { users::group(Path::new("/"), "www-data") } else { Ok(None) }
    }

    fn read(&self, file: &NginxFile) -> Result<Option<String>> {
        let bytes = self.nginx.read(&file.rel(), MANAGED_FILE_BYTES_MAX).map_err(|e| match file {
            NginxFile::Main if e.code() == "path_escapes" => {
                let path = self.nginx.path(&file.rel());
                Error::new(Kind::Conflict, "nginx_conf_linked").with("path", path.display())
            }
            _ => e,
        })?;
        Ok(bytes.map(|b| String::from_utf8_lossy(&b).into_owned()))
    }

    fn list(&self) -> Result<Vec<FileState>> {
        let mut files = Vec::new();
        // An nginx.conf of others is none of ours, whatever happens to it.
        let shared = ownership::kept(&self.nginx)? == Some(Ownership::Shared);
        let base = NginxFile::BASE.iter().filter(|file| !(shared && **file == NginxFile::Main)).map(NginxFile::rel);
        let sites = self.nginx.list("manara/sites")?;
        for rel in base.chain(sites.into_iter().map(|name| format!("manara/sites/{name}"))) {
            if let (Some(stat), Some(bytes)) = (self.nginx.stat(&rel)?, self.nginx.read(&rel, MANAGED_FILE_BYTES_MAX)?)
            {
                files.push(FileState { sha256: sha256_hex(&bytes), mode: stat.mode, uid: stat.uid, rel });
            }
        }
        Ok(files)
    }

    fn switch(&self, plan: &str, changes: &[NginxChange]) -> Result<()> {
        let mut files: Vec<(String, Option<String>)> =
            changes.iter().map(|change| change.file.rel()).zip(self.texts(changes)?).collect();
        let main = changes.iter().zip(&files).find(|(change, _)| change.file == NginxFile::Main);
        let moved = main.map(|(_, (_, text))| self.moved(text)).transpose()?.flatten();
        if let Some(decided) = Self::decided(changes, moved.as_ref()) {
            files.push((ownership::RECORD.into(), Some(decided.record())));
        }
        if changes.iter().any(|change| change.file == NginxFile::Http) && self.nginx.stat(stage::FROZEN)?.is_some() {
            files.push((stage::FROZEN.into(), None));
        }
        let (records, moved) = self.records(&files)?;
        self.faults.step("keep the nginx files")?;
        self.journal.keep(plan, &records)?;
        self.put_files(&files, moved.as_ref())
    }

    /// What is to be kept before `files` are put in place, and what happens to somebody's `nginx.conf` with them.
    fn records(&self, files: &[(String, Option<String>)]) -> Result<(Vec<Record>, Option<Record>)> {
        let main = NginxFile::Main.rel();
        let moved = files.iter().find(|(rel, _)| *rel == main).map(|(_, text)| self.moved(text)).transpose()?.flatten();
        let record = |rel: &String| match &moved {
            Some(moved) if *rel == main => Ok(moved.clone()),
            _ => self.before_image(rel),
        };
        let records = files.iter().map(|(rel, _)| record(rel)).collect::<Result<_>>()?;
        Ok((records, moved))
    }

    fn put_files(&self, files: &[(String, Option<String>)], moved: Option<&Record>) -> Result<()> {
        let each = files.len() <= SYNC_EACH_MAX;
        for (rel, text) in files {
            if let Some(text) = text {
                self.faults.step("prepare an nginx file")?;
                self.nginx.prepare(rel, text.as_bytes(), NginxFile::MODE, each)?;
            }
        }
        if !each {
            self.nginx.sync_all()?;
        }
        let main = NginxFile::Main.rel();
        if matches!(moved, Some(Record::NginxAdopted)) {
            self.faults.step("adopt nginx.conf")?;
            ownership::adopt(&self.nginx)?;
        }
        for (rel, text) in files {
            self.faults.step("put an nginx file")?;
            match text {
                Some(_) => self.nginx.put(rel)?,
                None if *rel == main && moved.is_some() => ownership::release(&self.nginx)?,
                None => self.nginx.remove(rel)?,
            }
        }
        let folders: BTreeMap<_, _> = files.iter().map(|(rel, _)| (folder_of(rel), rel)).collect();
        folders.values().try_for_each(|rel| self.nginx.sync_folder(rel))
    }

    /// The new texts, each after every directive was found on the list of what may stand in its file.
    fn texts(&self, changes: &[NginxChange]) -> Result<Vec<Option<String>>> {
        self.refuse_others(changes)?;
        let text = |change: &NginxChange| allow::check(&self.roots, change).and_then(|()| change.text());
        changes.iter().map(text).collect()
    }

    fn before_image(&self, rel: &str) -> Result<Record> {
        let before = match self.nginx.stat(rel)? {
            Some(stat) => {
                let bytes = self.nginx.read(rel, MANAGED_FILE_BYTES_MAX)?.unwrap_or_default();
                Some((String::from_utf8_lossy(&bytes).into_owned(), stat.mode))
            }
            None => None,
        };
        Ok(Record::NginxFile { rel: rel.to_owned(), before })
    }

    /// Writes the generation. It never falls: a small number could be one that answered before, and prove nothing. And it
    /// rises by [`GENERATION_STEP_MAX`] at most: nobody may use the numbers up.
    fn write_generation(&self, generation: u64) -> Result<()> {
        let rel = stage::generation_rel();
        let present = self.nginx.read(&rel, MANAGED_FILE_BYTES_MAX)?;
        let number = present.as_deref().and_then(stage::generation_in).unwrap_or(0);
        let refused = match generation.checked_sub(number) {
            None => Some("generation_passed"),
            Some(step) if step > GENERATION_STEP_MAX => Some("generation_ahead"),
            Some(_) => None,
        };
        if let Some(code) = refused {
            return Err(Error::new(Kind::Conflict, code).with("present", number));
        }
        let text = print(&stage::generation_tree(generation)).map_err(Error::fault)?;
        if present.is_some_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        self.nginx.write(&rel, text.as_bytes(), NginxFile::MODE)
    }

    fn reload(&self, generation: u64) -> Result<()> {
        self.faults.step("write the generation")?;
        self.write_generation(generation)?;
        self.faults.step("reload nginx")?;
        self.instance.load(generation)
    }

    /// nginx is held only while names change, not while old files are compressed.
    fn rotate_logs(&self) -> Result<()> {
        let limits = logs::Limits::USUAL;
        let now = SystemClock.now();
        let mut due = logs::due(&self.logs, limits, now)?;
        due.retain(|log| !logs::left_to_logrotate(&self.root, log, now));
        due.iter().try_for_each(|log| logs::compress(&self.logs, log))?;
        let _one = self.turn();
        for log in due {
            self.faults.step("rename a log")?;
            logs::shift(&self.logs, log, limits)?;
        }
        if !logs::interrupted(&self.logs)? {
            return Ok(());
        }
        self.faults.step("reopen the logs")?;
        self.instance.reopen_logs()
    }

    /// After a panic things are as after a crash, and undoing, which is another operation, repairs them.
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_sites(&self, trees: &[SiteTree]) -> Result<()> {
        for tree in trees {
            if self.web.stat(tree.folder())?.is_some() {
                let path = self.web.path(tree.folder());
                return Err(Error::new(Kind::Conflict, "site_folder_exists").with("path", path.display()));
            }
        }
        Ok(())
    }

    fn create_sites(&self, plan: &str, trees: &[SiteTree]) -> Result<()> {
        self.check_sites(trees)?;
        let record = |tree: &SiteTree| Record::SiteMade {
            folder: tree.folder().to_owned(),
            trash: format!("{TRASH}/{}-undone-{plan}", tree.site),
        };
        let records: Vec<_> = trees.iter().map(record).collect();
        // Made now, because undoing may have to do without any space.
        self.web.make_dirs(TRASH, 0o700)?;
        self.faults.step("keep the sites' folders")?;
        self.journal.keep(plan, &records)?;
        let each = trees.len() <= SYNC_EACH_MAX;
        for tree in trees {
            let public = format!("{}/public", tree.folder());
            self.faults.step("make a site's folder")?;
            self.web.make_dirs(&public, 0o755)?;
            self.faults.step("write a starting page")?;
            let page = format!("{public}/index.html");
            if each {
                self.web.write(&page, tree.starting_page().as_bytes(), 0o644)?;
                self.web.sync_folder(&public)?;
                self.web.sync_folder(tree.folder())?;
            } else {
                self.web.write_lightly(&page, tree.starting_page().as_bytes(), 0o644)?;
            }
        }
        if each { Ok(()) } else { self.web.sync_all() }
    }

    fn trash_site(&self, plan: &str, site: &SiteId, folder: &Domain) -> Result<String> {
        let folder = folder.ascii();
        let trash = format!("{TRASH}/{site}");
        if self.web.stat(folder)?.is_some() {
            self.web.make_dirs(TRASH, 0o700)?;
            self.faults.step("keep the site's place")?;
            let record = Record::SiteTrashed { folder: folder.to_owned(), trash: trash.clone() };
            self.journal.keep(plan, &[record])?;
            self.faults.step("move the site into the trash")?;
            self.web.rename(folder, &trash)?;
        }
        Ok(self.web.path(&trash).display().to_string())
    }

    /// Marks a plan as live, if everything done for it is still there.
    fn hold(&self, plan: &str) -> Result<()> {
        self.faults.step("hold the plan")?;
        match self.journal.stage(plan)? {
            Stage::Begun => self.journal.hold(plan),
            Stage::Held => Ok(()),
            Stage::Unknown | Stage::Ended => Err(journal::ended(plan)),
        }
    }

    /// Takes back what an earlier run of the host left half done: every plan that was begun and is not known to be live.
    /// Returns their ids. nginx is left alone: at boot it starts afterwards, and a running one goes on with what it has
    /// until the panel, which hears of it as a plan that is still open, loads it anew.
    pub fn recover(&self) -> Result<Vec<String>> {
        let _one = self.turn();
        let mut ended = Vec::new();
        for plan in self.journal.plans()? {
            if self.journal.stage(&plan)? == Stage::Begun {
                self.take_back(&plan)?;
                self.journal.end(&plan)?;
                ended.push(plan);
            }
        }
        Ok(ended)
    }

    fn undo(&self, plan: &str) -> Result<()> {
        self.take_back(plan)?;
        self.journal.forget(plan)
    }

    fn take_back(&self, plan: &str) -> Result<()> {
        let records = self.journal.records(plan)?;
        let released = records.iter().any(|record| matches!(record, Record::NginxReleased { .. }));
        for record in records {
            match record {
                Record::NginxFile { rel, before } => self.file_back(&rel, before, released)?,
                Record::NginxAdopted => ownership::undo_adopt(&self.nginx)?,
                Record::NginxReleased { before } => {
                    ownership::undo_release(&self.nginx)?;
                    self.file_back(&NginxFile::Main.rel(), Some((before, NginxFile::MODE)), released)?;
                }
                Record::SiteMade { folder, trash } => self.move_back(&folder, &trash)?,
                Record::SiteTrashed { folder, trash } => self.move_back(&trash, &folder)?,
            }
        }
        Ok(())
    }

    /// Restores a file. One that is as it was is left alone, and on a full disk the new one makes room for the old one:
    /// should that fail too, the journal still has it.
    fn put_back(&self, rel: &str, bytes: &[u8], mode: u32) -> Result<()> {
        // What cannot be read, such as a link that somebody put there, is replaced.
        let same = self.nginx.read(rel, MANAGED_FILE_BYTES_MAX).is_ok_and(|there| there.is_some_and(|t| t == bytes));
        if same && self.nginx.stat(rel)?.is_some_and(|stat| stat.mode == mode) {
            return Ok(());
        }
        match self.nginx.write(rel, bytes, mode) {
            Err(e) if e.code() == "disk_full" => {
                self.nginx.remove(rel)?;
                self.nginx.write(rel, bytes, mode)
            }
            outcome => outcome,
        }
    }

    fn move_back(&self, from: &str, to: &str) -> Result<()> {
        if self.web.stat(from)?.is_none() {
            return Ok(());
        }
        self.web.make_dirs(TRASH, 0o700)?;
        self.web.rename(from, to)
    }
}

impl LocalHost {
    /// What the policy of this moment says of `op`; a change of it needs no new start.
    fn check_policy(&self, op: &HostOp) -> Result<()> {
        let policy = || Policy::load(&self.root);
        match op {
            HostOp::NginxTest { .. } => policy()?.program(Program::Nginx),
            HostOp::NginxReload { .. } | HostOp::NginxStop => {
                let policy = policy()?;
                policy.program(Program::Nginx)?;
                policy.unit(process::UNIT)
            }
            HostOp::SitesCheck { .. } | HostOp::SitesCreate { .. } | HostOp::SiteTrash { .. } => {
                policy()?.site_folder(SITES)
            }
            HostOp::Install { component } => {
                let policy = policy()?;
                policy.program(Program::AptGet)?;
                policy.unit(&component.unit())?;
                component.packages().iter().try_for_each(|package| policy.package(package))
            }
            HostOp::LogRead { query } => match &query.source {
                LogSource::Access | LogSource::Error => Ok(()),
                LogSource::Panel => policy()?.program(Program::Journalctl),
                LogSource::Unit(unit) => {
                    let policy = policy()?;
                    policy.program(Program::Journalctl)?;
                    policy.log_unit(unit.as_str())
                }
            },
            _ => Ok(()),
        }
    }

    fn read_log(&self, query: &LogQuery) -> Result<LogPage> {
        if query.text.as_ref().is_some_and(|text| text.len() > LOG_TEXT_BYTES_MAX) {
            return Err(Error::new(Kind::BadInput, "wire_malformed").with("reason", "text"));
        }
        match query.source {
            LogSource::Access | LogSource::Error => log_files::read_file(&self.logs, query),
            LogSource::Panel | LogSource::Unit(_) => log_files::read_journal(query),
        }
    }

    /// The services; without a manager of services only nginx, which can be asked itself.
    fn services(&self) -> Result<HostReply> {
        let managed = self.instance.machine && daemons::has_manager();
        let mut list = if managed { daemons::services(SystemClock.now())? } else { vec![] };
        if let Some((version, _)) = super::nginx::installed()? {
            let running = self.instance.master().is_some();
            daemons::add_nginx(&mut list, version, running);
        }
        Ok(HostReply::Services { list, managed })
    }
}

impl Host for LocalHost {
    fn call(&self, op: &HostOp, lines: Lines<'_>) -> Result<HostReply> {
        self.check_policy(op)?;
        let _one = match op {
            // Long, or only looking: these need not wait for each other.
            HostOp::Install { .. }
            | HostOp::Components
            | HostOp::AuditHead { .. }
            | HostOp::LogsRotate
            | HostOp::NginxStatus
            | HostOp::NginxNeighbours
            | HostOp::LogRead { .. }
            | HostOp::Processes
            | HostOp::Services
            | HostOp::NginxRead { .. } => None,
            _ => Some(self.turn()),
        };
        Ok(match op {
            HostOp::NginxPrepare => done(self.prepare()?),
            HostOp::NginxStatus => HostReply::NginxStatus(self.status()?),
            HostOp::NginxRead { file } => HostReply::NginxFile { body: self.read(file)? },
            HostOp::NginxNeighbours => HostReply::NginxNeighbours(self.neighbours()?),
            HostOp::NginxList => HostReply::NginxFiles { files: self.list()?, owner: super::files::own_uid() },
            HostOp::NginxTest { changes } => {
                let texts = changes.iter().map(|c| c.file.rel()).zip(self.texts(changes)?).collect();
                HostReply::NginxTest(stage::test(
                    &self.nginx,
                    &self.staging,
                    &texts,
                    self.instance.machine,
                    &self.faults,
                )?)
            }
            HostOp::NginxSwitch { plan, changes } => done(self.switch(plan.as_str(), changes)?),
            HostOp::NginxReload { generation } => done(self.reload(*generation)?),
            HostOp::NginxStop if !self.may_stop_nginx => return Err(Error::new(Kind::Forbidden, "nginx_stop_refused")),
            HostOp::LogsRotate => done(self.rotate_logs()?),
            HostOp::NginxStop => done(self.instance.stop()?),
            HostOp::SitesCheck { trees } => done(self.check_sites(trees)?),
            HostOp::SitesCreate { plan, trees } => done(self.create_sites(plan.as_str(), trees)?),
            HostOp::SiteTrash { plan, site, folder } => {
                HostReply::Trashed { path: self.trash_site(plan.as_str(), site, folder)? }
            }
            HostOp::Hold { plan } => done(self.hold(plan.as_str())?),
            HostOp::Undo { plan } => done(self.undo(plan.as_str())?),
            HostOp::Forget { plan } => done(self.journal.forget(plan.as_str())?),
            HostOp::OpenPlans => HostReply::OpenPlans { plans: self.journal.plans()? },
            HostOp::Install { .. } if !self.may_install => {
                return Err(Error::new(Kind::Forbidden, "machine_not_allowed"));
            }
            HostOp::Install { component } => {
                let _one = self.installing.lock().unwrap_or_else(PoisonError::into_inner);
                done(components::install(*component, &self.jobs, lines)?)
            }
            HostOp::AuditHead { position, hash } => {
                log::info!(target: "manara::audit", position, hash = hash.as_str(); "the head of the audit trail");
                HostReply::Done
            }
            HostOp::Components => HostReply::Components { list: components::states()? },
            HostOp::LogRead { query } => HostReply::Log(self.read_log(query)?),
            HostOp::Processes => HostReply::Processes { list: self.watch.processes(&SystemClock) },
            HostOp::Services => self.services()?,
        })
    }
}

fn done((): ()) -> HostReply {
    HostReply::Done
}

fn folder_of(rel: &str) -> &str {
    rel.rsplit_once('/').map_or("", |(folder, _)| folder)
}
