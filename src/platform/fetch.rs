//! HTTP requests of the panel itself: to its own nginx on loopback, and for releases when root asks for them.

#![expect(clippy::disallowed_methods, reason = "what is fetched is written to a file of the installer's")]

use crate::base::{Error, Kind, Result};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// Authorities that the machine trusts, as Debian and others keep them; where there are none, Mozilla's list that is built
/// in.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";
const AUTHORITIES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Redirects that are followed; never away from TLS.
const REDIRECTS_MAX: u32 = 5;
const CONNECT_WAIT: Duration = Duration::from_secs(30);
/// A server that sends nothing for so long has stopped.
const READ_WAIT: Duration = Duration::from_secs(60);

/// Longest body of an answer from this machine, in bytes, and the room for each direction of the connection.
const SHORT: usize = 4096;

/// Body of a GET of an address on this machine, at most 4 KiB, no proxy, no redirect; the status must be 200.
pub(crate) fn loopback_text(url: &str, limit: Duration) -> Result<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(limit))
        .max_redirects(0)
        .proxy(None)
        .input_buffer_size(SHORT)
        .output_buffer_size(SHORT)
        .build()
        .into();
    let failed = |e: ureq::Error| Error::new(Kind::External, "probe_failed").with("url", url).cause(e);
    let mut answer = agent.get(url).header("Connection", "close").call().map_err(failed)?;
    answer.body_mut().with_config().limit(SHORT as u64).read_to_string().map_err(failed)
}

/// Fetches files from a server of the administrator's choice. Nothing about this machine is sent, not even a version.
pub(super) struct Fetcher(ureq::Agent);

impl Fetcher {
    /// For the machine at `root`. A proxy is used where the environment names one (`HTTPS_PROXY`).
    pub(super) fn of(root: &Path) -> Result<Fetcher> {
        let trusted = super::files::read_own(&root.join(AUTHORITIES), AUTHORITIES_BYTES_MAX)?;
        let listed = trusted.as_deref().map(|text| parse_pem(text.as_bytes()));
        // One that this library cannot read must not take the others away.
        let listed = listed.into_iter().flatten().filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        let listed: Vec<_> = listed.collect();
        let roots = if listed.is_empty() { RootCerts::WebPki } else { listed.into_iter().into() };
        let config = ureq::Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_connect(Some(CONNECT_WAIT))
            .timeout_per_read(Some(READ_WAIT))
            .max_redirects_will_error(true)
            .user_agent("manara");
        Ok(Fetcher(config.build().into()))
    }

    /// Writes what is at `url` to the new file `to`: at most `bytes_max`, within `limit`. Plain `http://` is the caller's
    /// word that the server is this machine; from `https://` nothing leads to it. Errors: `fetch_failed` with the reason,
    /// `fetch_too_large`, and those of a full disk. What was written of a file that failed is left to the caller.
    pub(super) fn save(&self, url: &str, to: &Path, bytes_max: u64, limit: Duration) -> Result<()> {
        let failed = |e: &dyn std::fmt::Display| {
            Error::new(Kind::Unavailable, "fetch_failed").with("url", url).with("reason", e)
        };
        let is_secure = url.starts_with("https://");
        let request = self.0.get(url).config().timeout_global(Some(limit)).https_only(is_secure);
        let request = request.max_redirects(if is_secure { REDIRECTS_MAX } else { 0 }).build();
        let answer = request.call().map_err(|e| failed(&e))?;
        if answer.status() != 200 {
            return Err(failed(&answer.status()));
        }
        let mut body = answer.into_body().into_with_config().limit(bytes_max.saturating_add(1)).reader();
        let options = || File::options().write(true).create_new(true).mode(0o600).open(to);
        let mut file = options().map_err(|e| unwritten(to, &e))?;
        let (mut part, mut written) = (vec![0; 64 * 1024], 0);
        loop {
            let read = match body.read(&mut part) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(failed(&e)),
            };
            written += read as u64;
            if written > bytes_max {
                let e = Error::new(Kind::TooLarge, "fetch_too_large").with("url", url);
                return Err(e.with("mib", bytes_max / 1024 / 1024));
            }
            file.write_all(&part[..read]).map_err(|e| unwritten(to, &e))?;
        }
        file.sync_all().map_err(|e| unwritten(to, &e))
    }
}

fn unwritten(path: &Path, e: &std::io::Error) -> Error {
    let code = if e.kind() == ErrorKind::StorageFull { "disk_full" } else { "file_failed" };
    Error::new(Kind::Unavailable, code).with("path", path.display()).with("reason", e)
}
