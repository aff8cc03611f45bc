//! The configuration as the program uses it.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What kind of machine the panel believes to be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Below a root prefix, unprivileged, on high ports.
    Development,
    /// A real server.
    Production,
}

impl Profile {
    /// The profile a root prefix implies when nobody says one.
    pub fn implied_by(root: &Path) -> Profile {
        if root == Path::new("/") { Profile::Production } else { Profile::Development }
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// How nginx is to be divided between the panel and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NginxOwnership {
    /// As it was decided when the panel first met nginx: owned where nobody else had sites in it.
    Auto,
    /// `nginx.conf` stays whose it is; the panel adds one file of its own.
    Shared,
    /// `nginx.conf` is the panel's; the former one is kept.
    Owned,
}

/// Where the panel's state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file, its path with the root prefix.
    Sqlite(PathBuf),
}

/// The options whose home is the file, resolved. Paths have the root prefix in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The prefix everything hangs below; absolute, `/` on a real server.
    pub root: PathBuf,
    /// `profile`
    pub profile: Profile,
    /// `debug`: answers and logs carry detail for developers; never on in production.
    pub debug: bool,
    /// `allow_machine`: packages may be installed on the machine itself.
    pub allow_machine: bool,
    /// `data_dir`
    pub data_dir: PathBuf,
    /// `database_url`
    pub database: Database,
    /// `key_file`
    pub key_file: PathBuf,
    /// `log.level`
    pub log_level: log::LevelFilter,
    /// `log.format`
    pub log_format: LogFormat,
    /// `host_socket`
    pub host_socket: PathBuf,
    /// `api_socket`
    pub api_socket: PathBuf,
    /// `nginx.http_port`
    pub nginx_http_port: u16,
    /// `nginx.https_port`
    pub nginx_https_port: u16,
    /// `nginx.ownership`
    pub nginx_ownership: NginxOwnership,
    /// `release.url`; empty where releases are not fetched.
    pub release_url: String,
}

impl Config {
    /// `path` (absolute, as on a real server) below the root prefix.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        below(&self.root, path.as_ref())
    }

    /// Folder with the certificate of the panel's own port: one that the panel itself may write.
    pub fn panel_tls_folder(&self) -> PathBuf {
        if self.is_development() { self.path("/etc/manara") } else { self.data_dir.clone() }
    }

    /// Whether this is the development profile.
    pub fn is_development(&self) -> bool {
        self.profile == Profile::Development
    }
}

/// Hangs `path` below `root`; a path that stands there already is left alone.
pub fn below(root: &Path, path: &Path) -> PathBuf {
    if path.starts_with(root) { path.to_owned() } else { root.join(path.strip_prefix("/").unwrap_or(path)) }
}

/// The configuration file of an installation at `root`.
pub fn file_path(root: &Path) -> PathBuf {
    below(root, Path::new("/etc/manara/manara.toml"))
}
