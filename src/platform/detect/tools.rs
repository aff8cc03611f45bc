//! Programs that are asked what they are.

use super::version::Version;
use super::view::View;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// nginx.
    Nginx,
    /// systemd's control program.
    Systemctl,
    /// systemd's clock program.
    Timedatectl,
    /// A component's program.
    Of(Component),
}

/// Software besides nginx that the panel works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// OpenSSL's program.
    Openssl,
    /// git.
    Git,
    /// Docker.
    Docker,
    /// MariaDB's client.
    Mariadb,
    /// PostgreSQL's client.
    Postgresql,
    /// PHP.
    Php,
}

/// A component that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Installed {
    /// Which one.
    pub component: Component,
    /// Path of its program.
    pub path: String,
    /// Its version, when the program told it.
    pub version: Option<Version>,
}

const COMPONENTS: [Component; 6] =
    [Component::Openssl, Component::Git, Component::Docker, Component::Mariadb, Component::Postgresql, Component::Php];

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Tool::Nginx => "nginx",
            Tool::Systemctl => "systemctl",
            Tool::Timedatectl => "timedatectl",
            Tool::Of(Component::Openssl) => "openssl",
            Tool::Of(Component::Git) => "git",
            Tool::Of(Component::Docker) => "docker",
            Tool::Of(Component::Mariadb) => "mariadb",
            Tool::Of(Component::Postgresql) => "psql",
            Tool::Of(Component::Php) => "php",
        }
    }
}

/// Finds programs and asks them.
pub trait Tools {
    /// Where the program is.
    fn find(&self, tool: Tool) -> Option<PathBuf>;
    /// What the program prints on both outputs; `None` when it is missing, fails or takes too long.
    fn ask(&self, tool: Tool, args: &[&str]) -> Option<String>;
}

/// The programs of this machine, in the system's own folders only.
pub(super) struct RealTools;

/// Time a program may take to say its version.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

impl Tools for RealTools {
    fn find(&self, tool: Tool) -> Option<PathBuf> {
        let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
        folders.iter().map(|d| Path::new(d).join(tool.name())).find(|p| p.is_file())
    }

    fn ask(&self, tool: Tool, args: &[&str]) -> Option<String> {
        run(&self.find(tool)?, args)
    }
}

#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "asks programs for their version")]
fn run(path: &Path, args: &[&str]) -> Option<String> {
    let mut child = Command::new(path)
        .args(args)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let outputs = [
        child.stdout.take().map(|p| Box::new(p) as Box<dyn Read + Send>),
        child.stderr.take().map(|p| Box::new(p) as Box<dyn Read + Send>),
    ];
    let readers = outputs.into_iter().flatten().map(|pipe| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.take(ANSWER_BYTES_MAX).read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    let readers: Vec<_> = readers.collect();
    if !ends_well(&mut child) {
        return None;
    }
    readers.into_iter().map(|r| r.join().ok()).collect::<Option<Vec<_>>>().map(|texts| texts.concat())
}

#[allow(clippy::disallowed_methods, reason = "waits for a program")]
fn ends_well(child: &mut Child) -> bool {
    let deadline = Instant::now() + ANSWER_MAX;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

pub(super) fn components(view: &View<'_>) -> Vec<Installed> {
    let installed = |component: Component| {
        let path = view.tools.find(Tool::Of(component))?.display().to_string();
        let question = if component == Component::Openssl { "version" } else { "--version" };
        let version = view.tools.ask(Tool::Of(component), &[question]).and_then(|text| version_of(&text));
        Some(Installed { component, path, version })
    };
    COMPONENTS.into_iter().filter_map(installed).collect()
}

/// The version in a program's answer: MariaDB puts the number of its protocol before it.
fn version_of(text: &str) -> Option<Version> {
    let rest = text.split_once("Distrib ").map_or(text, |(_, rest)| rest);
    Version::first_in(rest.split_once("from ").filter(|_| text.starts_with("mariadb")).map_or(rest, |(_, r)| r))
}
