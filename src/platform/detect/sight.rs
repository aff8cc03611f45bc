//! What stands around an installation: its secret files, who holds its ports, other people's sites in nginx.

use super::super::nginx::{Ownership, neighbours, ownership};
use super::super::users;
use super::tools::Tool;
use super::view::View;
use crate::config::Config;
use crate::config::key_file::{FileFacts, RunsAs};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Somebody who listens on a TCP port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// Name of the process, when this process may know it.
    pub process: Option<String>,
}

/// What was seen.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Who is to read the secrets.
    pub me: RunsAs,
    /// The data folder, when it is there.
    pub data_dir: Option<FileFacts>,
    /// The file of the secret key, when it is there.
    pub key_file: Option<FileFacts>,
    /// Who listens on the ports asked for.
    pub listeners: Vec<Listener>,
    /// Files of nginx that hold servers and are neither ours nor untouched ones of its package, as absolute paths.
    pub foreign_vhosts: Vec<String>,
    /// Whose nginx it is, once that was decided.
    pub nginx_ownership: Option<Ownership>,
    /// Whether a former `nginx.conf` waits to come back.
    pub nginx_adopted: bool,
    /// Whether the clock follows a time source; `None` when nobody can tell.
    pub clock_synchronised: Option<bool>,
}

/// Looks at the key file alone, which is all that a start has time for.
pub fn look_at_key(config: &Config) -> (RunsAs, Option<FileFacts>) {
    (reader(config), facts(&config.key_file))
}

/// Who reads the secret files of this installation: the user that root's panel becomes before it does, otherwise whoever
/// looks.
pub fn reader(config: &Config) -> RunsAs {
    let me = me();
    let panel = || users::panel(&config.root).map(|panel| RunsAs { uid: panel.uid, gid: panel.gid });
    if me.uid == 0 && !config.is_development() { panel().unwrap_or(me) } else { me }
}

fn me() -> RunsAs {
    RunsAs { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() }
}

/// Looks around the installation with this data folder, key file and nginx folder (real paths), which wants `ports`, with
/// the eyes of whoever runs this.
pub fn look(view: &View<'_>, data_dir: &Path, key_file: &Path, nginx: &Path, ports: &[u16]) -> Sight {
    Sight {
        me: me(),
        data_dir: facts(data_dir),
        key_file: facts(key_file),
        listeners: listeners(view, ports),
        foreign_vhosts: foreign_vhosts(view),
        nginx_ownership: ownership::seen(nginx),
        nginx_adopted: ownership::has_adopted(nginx),
        clock_synchronised: clock_synchronised(view),
    }
}

fn facts(path: &Path) -> Option<FileFacts> {
    let meta = std::fs::metadata(path).ok()?;
    Some(FileFacts { bytes: meta.len(), mode: meta.mode() & 0o7777, uid: meta.uid(), gid: meta.gid() })
}

/// State "listening" in `/proc/net/tcp` (proc(5), the kernel's `TCP_LISTEN`).
const LISTENING: &str = "0A";

fn listeners(view: &View<'_>, ports: &[u16]) -> Vec<Listener> {
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in view.read(table).unwrap_or_default().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (Some(local), Some(&LISTENING), Some(inode)) = (fields.get(1), fields.get(3), fields.get(9)) else {
                continue;
            };
            let port = local.rsplit_once(':').and_then(|(_, p)| u16::from_str_radix(p, 16).ok());
            if let Some(port) = port.filter(|p| ports.contains(p)) {
                found.push(Listener { port, process: owner(view, inode) });
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Name of the process that holds the socket `inode`; others' descriptors are visible to root only.
fn owner(view: &View<'_>, inode: &str) -> Option<String> {
    let wanted = format!("socket:[{inode}]");
    let holds = |pid: &String| {
        let folder = format!("/proc/{pid}/fd");
        let descriptors = view.names(&folder);
        descriptors.iter().any(|fd| {
            std::fs::read_link(view.at(format!("{folder}/{fd}")))
                .is_ok_and(|target| target.as_os_str() == wanted.as_str())
        })
    };
    let pids = view.names("/proc").into_iter().filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    pids.into_iter().find(holds).and_then(|pid| view.line(format!("/proc/{pid}/comm")))
}

fn foreign_vhosts(view: &View<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, suffix) in [("/etc/nginx/sites-enabled", ""), ("/etc/nginx/conf.d", ".conf")] {
        for name in view.names(folder).into_iter().filter(|n| n.ends_with(suffix) && !is_ours(n)) {
            let path = format!("{folder}/{name}");
            if view.read(&path).is_some_and(|text| has_server(&text)) {
                found.push(path);
            }
        }
    }
    // Packages know the machine itself, not a tree that is looked at.
    if view.root.as_os_str() == "/" && !found.is_empty() {
        let stock = neighbours::packaged().map(|stock| Box::new(stock) as Box<dyn Fn(&str) -> bool>);
        found.retain(|path| !stock.as_ref().is_ok_and(|stock| stock(path)));
    }
    found
}

fn is_ours(name: &str) -> bool {
    matches!(name, "manara.conf" | "zz-manara.conf")
}

/// Whether a file opens a `server` block. Reads words outside comments; an upstream's `server` takes an address.
fn has_server(text: &str) -> bool {
    let code: Vec<&str> = text.lines().map(|l| l.split('#').next().unwrap_or_default()).collect();
    let code = code.join(" ").replace('{', " { ").replace(';', " ; ");
    let words: Vec<&str> = code.split_whitespace().collect();
    words.windows(2).any(|pair| pair == ["server", "{"])
}

fn clock_synchronised(view: &View<'_>) -> Option<bool> {
    let asked = view.tools.ask(Tool::Timedatectl, &["show", "--property=NTPSynchronized", "--value"]);
    match asked.as_deref().map(str::trim) {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        // systemd-timesyncd(8) leaves this mark after its first synchronisation.
        _ => view.exists("/run/systemd/timesync/synchronized").then_some(true),
    }
}
