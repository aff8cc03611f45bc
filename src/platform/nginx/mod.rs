//! nginx as artefacts: which files the panel manages, and what the machine reports about them.

pub(super) mod allow;
pub(super) mod logs;
pub(super) mod neighbours;
pub(super) mod ownership;
pub(super) mod process;
pub(super) mod secrets;
pub(super) mod stage;
mod status;

pub use neighbours::{Port, Taken};
pub use ownership::Ownership;
pub use status::{Capabilities, NginxNeighbours, NginxStatus, installed};

use crate::base::names::{Name, SiteId};
use crate::base::{Error, Kind, Result};
use crate::nginx_syntax::{Directive, print};
use serde::{Deserialize, Serialize};

/// Folder of the managed files below nginx's own.
pub const MANAGED: &str = "manara";

/// How a file begins that the panel writes whole.
pub const HEADER: &str = "Written by Manara.";

/// How that line goes on while the panel is there, and after it left.
pub const HEADER_MANAGED: &str = "Changes made here by hand are detected and shown, never silently overwritten.";
pub(super) const HEADER_FROZEN: &str = "The panel is gone: this is a plain file now, yours to change.";

/// Whether the text of a base file is one that the panel wrote, whatever was done to it afterwards.
pub(super) fn is_ours(text: &str) -> bool {
    text.trim_start().strip_prefix("# ").is_some_and(|text| text.starts_with(HEADER))
}

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
    /// What a proxy site with the usual headers includes.
    ProxySnippet,
    /// What a proxy site with headers of its own includes.
    ProxyOwnSnippet,
    /// The way into our files where nginx is shared with others.
    Entry,
    /// The way to our sites where they have to come after those of others.
    LateEntry,
    /// One site.
    Site(SiteId),
}

impl NginxFile {
    /// The files that do not belong to one site; which of them there are depends on whose nginx it is.
    pub const BASE: [NginxFile; 7] = [
        NginxFile::Main,
        NginxFile::Http,
        NginxFile::StaticSnippet,
        NginxFile::ProxySnippet,
        NginxFile::ProxyOwnSnippet,
        NginxFile::Entry,
        NginxFile::LateEntry,
    ];

    /// Path below nginx's folder.
    pub fn rel(&self) -> String {
        match self {
            NginxFile::Main => "nginx.conf".into(),
            NginxFile::Http => format!("{MANAGED}/http.conf"),
            NginxFile::StaticSnippet => format!("{MANAGED}/snippets/static.conf"),
            NginxFile::ProxySnippet => format!("{MANAGED}/snippets/proxy.conf"),
            NginxFile::ProxyOwnSnippet => format!("{MANAGED}/snippets/proxy-own.conf"),
            NginxFile::Entry => "conf.d/manara.conf".into(),
            // Debian's nginx.conf reads this folder last, and its files in the order of their names.
            NginxFile::LateEntry => "sites-enabled/zz-manara.conf".into(),
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
    /// The file nginx complained about: one of the panel's as a path below nginx's folder, one of others as an absolute path.
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
