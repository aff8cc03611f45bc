//! Where things are on one installation.

use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Loopback address of the control server. An address of its own on the sites' port needs no port of its own: nginx tells
/// it from the wildcard by the local address, and nothing outside this machine can reach it.
pub const CONTROL: Ipv4Addr = Ipv4Addr::new(127, 86, 65, 78);

/// URL under which nginx answers with its generation.
pub fn control_url(http_port: u16) -> String {
    format!("http://{CONTROL}:{http_port}/generation")
}

/// Where the panel's nginx has its things.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Everything hangs below this.
    pub root: PathBuf,
    /// Port of the sites.
    pub http_port: u16,
    /// TLS port of the sites.
    pub https_port: u16,
    /// Whether the machine has IPv6.
    pub ipv6: bool,
    /// User of the worker processes; `None` when nginx runs unprivileged and stays who it is.
    pub user: Option<&'static str>,
}

impl Layout {
    /// Whether this is the machine itself, and nginx that of its distribution.
    pub fn is_machine(&self) -> bool {
        self.root.as_os_str() == "/"
    }

    /// An absolute path of this installation as text.
    pub fn path(&self, path: &str) -> String {
        self.root.join(path.trim_start_matches('/')).display().to_string()
    }

    /// Document root of the site whose folder is `folder`.
    pub fn document_root(&self, folder: &str) -> String {
        self.path(&format!("srv/www/{folder}/public"))
    }

    /// URL of a site.
    pub fn url(&self, domain: &str, tls: bool) -> String {
        let (scheme, port, usual) = if tls { ("https", self.https_port, 443) } else { ("http", self.http_port, 80) };
        if port == usual { format!("{scheme}://{domain}/") } else { format!("{scheme}://{domain}:{port}/") }
    }
}
