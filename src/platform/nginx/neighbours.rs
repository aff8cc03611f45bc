//! What others have in nginx: their files, and the ports on which their servers listen. Only reads.

use super::super::command::{self, Program};
use super::super::files::{self, RootDir};
use super::ownership::ADOPTED;
use super::{MANAGED, NginxFile, is_ours};
use crate::base::Result;
use crate::base::limits::MANAGED_FILE_BYTES_MAX;
use crate::nginx_syntax::{Directive, parse, walk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Folders below nginx's from which Debian's `nginx.conf` includes, and how the names in them end.
pub(in super::super) const FOLDERS: [(&str, &str); 2] = [("conf.d", ".conf"), ("sites-enabled", "")];

/// Packages whose untouched configuration files are nobody's own.
const PACKAGES: [&str; 2] = ["nginx-common", "nginx"];

/// How the servers of others use one port of one address family on every address of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Port {
    /// One of them listens there.
    pub used: bool,
    /// One of them is declared the default.
    pub default: bool,
}

/// How others use the ports of the sites: IPv4 and IPv6 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Taken {
    /// The HTTP port.
    pub http: [Port; 2],
    /// The HTTPS port.
    pub https: [Port; 2],
}

impl Taken {
    /// Whether a server of theirs is a default only because it is the first that nginx reads.
    pub fn first_come(&self) -> bool {
        self.http.iter().chain(&self.https).any(|port| port.used && !port.default)
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Neighbours {
    /// Files that are neither ours nor untouched ones of the distribution's package, as absolute paths.
    pub foreign: Vec<String>,
    /// The ports in use.
    pub taken: Taken,
    /// Whether `nginx.conf` includes the folders, in the order of [`FOLDERS`].
    pub included: [bool; 2],
}

/// Looks at what is in nginx's folder `live`. `stock` tells untouched files of the distribution; `ports` are HTTP and HTTPS.
pub(in super::super) fn look(live: &RootDir, stock: &dyn Fn(&str) -> bool, ports: (u16, u16)) -> Result<Neighbours> {
    let mut found = Neighbours::default();
    let main = live.path(&NginxFile::Main.rel()).display().to_string();
    if let Some(main_text) = text(&main) {
        if is_ours(&main_text) {
            // Nothing of it is in force, but it would be once ours goes.
            let adopted = text(&live.path(ADOPTED).display().to_string()).unwrap_or_default();
            found.include(&adopted);
            found.hear(&adopted, ports);
        } else {
            found.include(&main_text);
            found.meet(&main, &main_text, stock, ports);
        }
    } else if live.stat(&NginxFile::Main.rel())?.is_some() {
        found.foreign.push(main);
    }
    for (folder, suffix) in FOLDERS {
        for name in live.list(folder)?.into_iter().filter(|name| name.ends_with(suffix)) {
            let rel = format!("{folder}/{name}");
            if NginxFile::from_rel(&rel).is_none() {
                let path = live.path(&rel).display().to_string();
                let text = text(&path).unwrap_or_default();
                found.meet(&path, &text, stock, ports);
            }
        }
    }
    Ok(found)
}

/// The text of a file of somebody's, followed through links as nginx does; what cannot be read is not there.
fn text(path: &str) -> Option<String> {
    let bytes = files::read_own_bytes(Path::new(path), MANAGED_FILE_BYTES_MAX).ok().flatten();
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

impl Neighbours {
    /// Notes which folders this `nginx.conf` includes.
    fn include(&mut self, main: &str) {
        for (included, (folder, _)) in self.included.iter_mut().zip(FOLDERS) {
            let folder = format!("{folder}/");
            let mut code = main.lines().map(|line| line.split('#').next().unwrap_or_default());
            *included = code.any(|line| line.contains("include") && line.contains(&folder));
        }
    }

    fn meet(&mut self, path: &str, text: &str, stock: &dyn Fn(&str) -> bool, ports: (u16, u16)) {
        if !stock(path) {
            self.foreign.push(path.to_owned());
        }
        self.hear(text, ports);
    }

    /// Notes where the servers in `text` listen.
    fn hear(&mut self, text: &str, ports: (u16, u16)) {
        let tree = parse(text.as_bytes()).unwrap_or_default();
        // Nothing in the walk fails.
        let _ = walk(&tree, |around, directive| {
            let in_http = around.first().is_none_or(|first| matches!(*first, "http" | "server"));
            if in_http && directive.name == "server" && around.last() != Some(&"upstream") {
                self.serve(directive, ports);
            }
            Ok::<(), ()>(())
        });
    }

    fn serve(&mut self, server: &Directive, ports: (u16, u16)) {
        let Some(block) = &server.block else { return };
        let listens: Vec<&[String]> = block.iter().filter(|d| d.name == "listen").map(|d| d.args.as_slice()).collect();
        // Without a word about it a server listens on port 80 (nginx documentation, `listen`).
        let usual = ["80".to_owned()];
        for args in if listens.is_empty() { vec![&usual[..]] } else { listens } {
            let Some((port, v6)) = args.first().and_then(|address| wildcard(address)) else { continue };
            let both = v6 && args.iter().any(|arg| arg == "ipv6only=off");
            let default = args.iter().any(|arg| matches!(arg.as_str(), "default_server" | "default"));
            for (number, taken) in [(ports.0, &mut self.taken.http), (ports.1, &mut self.taken.https)] {
                for family in [usize::from(v6)].into_iter().chain(both.then_some(0)).filter(|_| number == port) {
                    taken[family].used = true;
                    taken[family].default |= default;
                }
            }
        }
    }
}

/// Port and family of an address of `listen` that means every address of the machine.
fn wildcard(address: &str) -> Option<(u16, bool)> {
    if let Some(rest) = address.strip_prefix("[::]") {
        return Some((rest.strip_prefix(':').map_or(Some(80), |port| port.parse().ok())?, true));
    }
    let (host, port) = address.rsplit_once(':').unwrap_or(match address.parse::<u16>() {
        Ok(_) => ("*", address),
        Err(_) => (address, "80"),
    });
    matches!(host, "*" | "0.0.0.0").then(|| port.parse().ok()).flatten().map(|port| (port, false))
}

/// Tells the untouched configuration files of the distribution's packages, by what the package manager says of them.
pub(in super::super) fn packaged() -> Result<impl Fn(&str) -> bool> {
    let mut known = BTreeSet::new();
    let limit = Duration::from_secs(30);
    for package in PACKAGES {
        let format = ["-W", "-f=${Conffiles}\n", package];
        let (Some(_), Some(_)) = (Program::DpkgQuery.find(), Program::Dpkg.find()) else { break };
        let listed = command::run(Program::DpkgQuery, &format, limit, &mut |_| true)?;
        if !listed.ok {
            continue;
        }
        // Prints a line for each file that is not as the package brought it.
        let changed = command::run(Program::Dpkg, &["--verify", package], limit, &mut |_| true)?.text;
        let is_changed = |path: &str| changed.lines().any(|line| line.split_whitespace().last() == Some(path));
        let paths =
            listed.text.lines().filter_map(|line| line.split_whitespace().next()).filter(|path| !is_changed(path));
        known.extend(paths.map(str::to_owned));
    }
    Ok(move |path: &str| {
        let real = std::fs::canonicalize(path).map(|real| real.display().to_string());
        known.contains(path) || real.is_ok_and(|real| known.contains(&real))
    })
}

/// Whether nothing of others is to be seen there: our own folder, and what a test run leaves.
pub(super) fn is_managed(name: &str) -> bool {
    name == MANAGED || name == NginxFile::Main.rel() || FOLDERS.iter().any(|(folder, _)| *folder == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(files: &[(&str, &str)]) -> Neighbours {
        let dir = tempfile::tempdir().unwrap();
        let live = RootDir::open_or_make(dir.path()).unwrap();
        for (rel, text) in files {
            live.make_dirs(rel.rsplit_once('/').map_or("", |(folder, _)| folder), 0o755).unwrap();
            live.write(rel, text.as_bytes(), 0o644).unwrap();
        }
        let mut found = look(&live, &|path| path.ends_with("/default"), (80, 443)).unwrap();
        found.foreign.iter_mut().for_each(|path| *path = path.rsplit('/').next().unwrap().to_owned());
        found
    }

    #[test]
    fn ours_and_the_distributions_are_not_foreign() {
        let ours = "# Written by Manara. Changes made here.\nhttp { server { listen 80; } }";
        let default = "server { listen 80 default_server; listen [::]:80 default_server; }";
        let found = seen(&[
            ("nginx.conf", ours),
            ("conf.d/manara.conf", "server { listen 443; }"),
            ("conf.d/notes.txt", "server { listen 443; }"),
            ("sites-enabled/default", default),
        ]);
        assert!(found.foreign.is_empty(), "{found:?}");
        assert_eq!(found.taken.http, [Port { used: true, default: true }; 2]);
        assert_eq!(found.taken.https, [Port::default(); 2]);
        assert!(!found.taken.first_come());
    }

    #[test]
    fn their_ports_are_read_as_nginx_reads_them() {
        let main = "http { include /etc/nginx/conf.d/*.conf; upstream u { server 10.0.0.1:80; } }\nstream { server { listen 443; } }";
        let found =
            seen(&[("nginx.conf", main), ("conf.d/a.conf", "server { listen 10.0.0.1:443 ssl default_server; }")]);
        assert_eq!(found.foreign, ["nginx.conf", "a.conf"]);
        assert_eq!((found.included, found.taken), ([true, false], Taken::default()));
        for (listen, family) in [("80", 0), ("*:80", 0), ("0.0.0.0", 0), ("[::]:80", 1), ("[::]", 1)] {
            let found = seen(&[("sites-enabled/a", &format!("server {{ listen {listen}; }}"))]);
            assert!(found.taken.http[family].used && found.taken.first_come(), "{listen}");
            assert!(!found.taken.http[1 - family].used, "{listen}");
        }
        assert!(seen(&[("sites-enabled/a", "server { root /x; }")]).taken.http[0].used);
        let both = seen(&[("sites-enabled/a", "server { listen [::]:443 ssl ipv6only=off default_server; }")]);
        assert_eq!(both.taken.https, [Port { used: true, default: true }; 2]);
        // Broken or not: it is there, and not ours.
        assert_eq!(seen(&[("sites-enabled/a", "server {")]).foreign, ["a"]);
    }
}
