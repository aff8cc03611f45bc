//! nginx as artefacts: which files the panel manages, and what the machine reports about them.

pub(super) mod allow;
pub(super) mod logs;
pub(super) mod process;
pub(super) mod secrets;
pub(super) mod stage;
mod status;

pub use status::{Capabilities, NginxStatus, installed};

use crate::base::names::{Name, SiteId};
use crate::base::{Error, Kind, Result};
use crate::nginx_syntax::{Directive, print};
use serde::{Deserialize, Serialize};

/// Folder of the managed files below nginx's own.
pub const MANAGED: &str = "manara";

/// A file the panel manages. Its place follows from what it is; no path is ever an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NginxFile {
    /// `nginx.conf`, where the panel owns nginx.
    Main,
    /// Maps, log formats, defaults and the control server.
    Http,
    /// What every static site includes.
    StaticSnippet,
    /// What every proxy site includes.
    ProxySnippet,
    /// One site.
    Site(SiteId),
}

impl NginxFile {
    /// The files that every installation has.
    pub const BASE: [NginxFile; 4] =
        [NginxFile::Main, NginxFile::Http, NginxFile::StaticSnippet, NginxFile::ProxySnippet];

    /// Path below nginx's folder.
    pub fn rel(&self) -> String {
        match self {
            NginxFile::Main => "nginx.conf".into(),
            NginxFile::Http => format!("{MANAGED}/http.conf"),
            NginxFile::StaticSnippet => format!("{MANAGED}/snippets/static.conf"),
            NginxFile::ProxySnippet => format!("{MANAGED}/snippets/proxy.conf"),
            NginxFile::Site(id) => format!("{MANAGED}/sites/{id}.conf"),
        }
    }

    /// The file of that path, if it is one of ours.
    pub fn from_rel(rel: &str) -> Option<NginxFile> {
        NginxFile::BASE.into_iter().find(|f| f.rel() == rel).or_else(|| {
            let id = rel.strip_prefix(MANAGED)?.strip_prefix("/sites/")?.strip_suffix(".conf")?;
            SiteId::parse(id).ok().map(NginxFile::Site)
        })
    }

    /// Permission bits: nothing secret stands in these files.
    pub const MODE: u32 = 0o644;
}

/// One file's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NginxChange {
    /// Which file.
    pub file: NginxFile,
    /// Its new content; `None` deletes it.
    pub content: Option<Vec<Directive>>,
}

impl NginxChange {
    /// The new text, printed from the tree.
    pub fn text(&self) -> Result<Option<String>> {
        let Some(directives) = &self.content else { return Ok(None) };
        print(directives).map(Some).map_err(|e| {
            Error::new(Kind::BadInput, "nginx_unprintable").with("file", self.file.rel()).with("reason", e)
        })
    }
}

/// Outcome of `nginx -t` on a staged tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestReport {
    /// Whether nginx accepts the configuration.
    pub ok: bool,
    /// What nginx printed, with the staging folder's path taken out.
    pub output: String,
    /// Path (below nginx's folder) of the file nginx complained about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A managed file as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// Path below nginx's folder.
    pub rel: String,
    /// SHA-256 of the content, in hex.
    pub sha256: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
}

/// SHA-256 of `bytes` in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
