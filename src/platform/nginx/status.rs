//! What nginx is and whether it runs.

use super::super::command::{self, Program};
use super::{Ownership, Taken};
use crate::base::{Error, Result};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// What the installed nginx can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// `http2` is a directive of its own (1.25.1 and later) instead of a parameter of `listen`.
    pub http2_directive: bool,
    /// HTTP/2 is compiled in.
    pub http2: bool,
    /// TLS is compiled in.
    pub tls: bool,
    /// Whose nginx it is.
    pub ownership: Ownership,
    /// Where servers of others listen, as far as nginx is shared with them.
    pub taken: Taken,
}

impl Capabilities {
    /// Reads a version such as `1.22.1` and the compile-time modules.
    pub fn of(version: &str, modules: &[String]) -> Self {
        let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
        let number = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        let has = |module: &str| modules.iter().any(|m| m == module);
        Self {
            http2_directive: number >= (1, 25, 1),
            http2: has("http_v2_module") && has("http_ssl_module"),
            tls: has("http_ssl_module"),
            ownership: Ownership::Owned,
            taken: Taken::default(),
        }
    }
}

/// The nginx of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct NginxStatus {
    /// Version such as `1.22.1`; `None` when nginx is not installed.
    pub version: Option<String>,
    /// Compile-time options that the renderer asks about.
    pub modules: Vec<String>,
    /// Whether our instance runs.
    pub running: bool,
    /// The generation that answers.
    pub generation: Option<u64>,
    /// Whose nginx it is; `None` before that was decided.
    #[serde(default)]
    pub ownership: Option<Ownership>,
    /// Where servers of others listen; looked for only where nginx is shared with them.
    #[serde(default)]
    pub taken: Taken,
    /// The files were made plain ones, without the panel's endpoints: it left, and came back.
    #[serde(default)]
    pub frozen: bool,
}

impl NginxStatus {
    /// What the installed nginx can do; the oldest supported one's abilities when none is installed.
    pub fn capabilities(&self) -> Capabilities {
        let can = Capabilities::of(self.version.as_deref().unwrap_or("1.18.0"), &self.modules);
        Capabilities { ownership: self.ownership.unwrap_or_default(), taken: self.taken, ..can }
    }
}

/// What others have in nginx, as far as a plan that changes whose nginx it is needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct NginxNeighbours {
    /// Their files that are not untouched ones of the distribution, as absolute paths.
    pub files: Vec<String>,
    /// Where their servers listen, those of an adopted `nginx.conf` included.
    pub taken: Taken,
    /// A folder that their `nginx.conf`, the adopted one where there is one, would have to include for ours to be read.
    pub unread: Option<String>,
    /// The adopted `nginx.conf`.
    pub adopted: Option<String>,
}

/// Version and compile-time modules.
type Build = (String, Vec<String>);
/// Device, inode, size and time of change of a file: with another one of them it may be another program.
type Identity = (u64, u64, u64, i64, i64);

/// Version and compile-time modules, asked of nginx itself once for each nginx that is installed.
pub fn installed() -> Result<Option<Build>> {
    static KNOWN: Mutex<Option<(Identity, Option<Build>)>> = Mutex::new(None);
    let Some(path) = Program::Nginx.find() else { return Ok(None) };
    let identity = identity(&path);
    let mut known = KNOWN.lock().map_err(Error::fault)?;
    if let Some((of, build)) = &*known
        && identity == Some(*of)
    {
        return Ok(build.clone());
    }
    let output = command::run(Program::Nginx, &["-V"], Duration::from_secs(10), &mut |_| true)?;
    let build = parse_version(&output.text);
    *known = identity.map(|of| (of, build.clone()));
    Ok(build)
}

fn identity(path: &Path) -> Option<Identity> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.dev(), meta.ino(), meta.size(), meta.ctime(), meta.ctime_nsec()))
}

fn parse_version(text: &str) -> Option<Build> {
    let (_, after) = text.split_once("nginx version: ")?;
    let version = after.split_whitespace().next()?.rsplit('/').next()?.to_owned();
    let modules = text
        .split_whitespace()
        .filter_map(|w| w.strip_prefix("--with-"))
        .filter(|w| w.contains("_module"))
        .map(|w| w.trim_end_matches("=dynamic").to_owned())
        .collect();
    Some((version, modules))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_modules_are_read() {
        let text = "nginx version: nginx/1.22.1\nTLS SNI support enabled\nconfigure arguments: --prefix=/x --with-http_v2_module --with-stream=dynamic --with-http_ssl_module";
        let (version, modules) = parse_version(text).unwrap();
        assert_eq!(version, "1.22.1");
        assert_eq!(modules, ["http_v2_module", "http_ssl_module"]);
        assert_eq!(parse_version("something else"), None);
    }
}
