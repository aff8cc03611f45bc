//! TLS of the panel's port.

use crate::base::{Error, Result};
use crate::platform::panel_tls::{self, PanelTls};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Name of HTTP/2 in ALPN (RFC 9113 §3.2).
pub(super) const H2: &[u8] = b"h2";

/// The certificate that every door shows, until its files are replaced.
#[derive(Debug)]
pub(super) struct Certificate(Mutex<Shown>);

#[derive(Debug)]
struct Shown {
    key: Arc<CertifiedKey>,
    /// The files as they were last looked at, whether they can be used or not.
    seen: PanelTls,
    /// Whether they could not even be read then.
    unreadable: bool,
}

impl Certificate {
    /// Error: `panel_certificate`.
    pub(super) fn new(files: PanelTls) -> Result<Arc<Self>> {
        let key = Arc::new(files.certified()?);
        Ok(Arc::new(Self(Mutex::new(Shown { key, seen: files, unreadable: false }))))
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes other files. Where they cannot be used, the former ones go on. Error: `panel_certificate`.
    pub(super) fn replace(&self, files: PanelTls) -> Result<()> {
        let mut shown = self.shown();
        if shown.seen == files {
            return Ok(());
        }
        let certified = files.certified();
        let fingerprint = panel_tls::fingerprint(&files.certificate);
        shown.seen = files;
        shown.key = Arc::new(certified?);
        log::info!(target: "manara::http", fingerprint = fingerprint?.as_str(); "the panel shows another certificate");
        Ok(())
    }

    /// Looks whether somebody put other files below `folder`. Once for each that cannot be used, the log says so.
    pub(super) fn look(&self, folder: &Path) {
        let files = panel_tls::present(folder);
        let known = std::mem::replace(&mut self.shown().unreadable, files.is_err());
        let replaced = match files {
            // One of the two is just being put there, or both are to be made anew at the next start.
            Ok(None) => Ok(()),
            Ok(Some(files)) => self.replace(files),
            Err(_) if known => Ok(()),
            Err(e) => Err(e),
        };
        if let Err(e) = replaced {
            log::warn!(target: "manara::http", "the panel keeps the certificate it has: {e}");
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown().key.clone())
    }
}

/// The server's side: TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1.
pub(super) fn config(certificate: Arc<Certificate>) -> Result<Arc<ServerConfig>> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(Error::fault)?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(certificate);
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    #[test]
    fn a_made_certificate_can_be_used_and_a_broken_one_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let files = panel_tls::ensure(root.path(), &[]).unwrap();
        let certificate = Certificate::new(files.clone()).unwrap();
        assert!(config(certificate.clone()).is_ok());
        let other = panel_tls::ensure(tempfile::tempdir().unwrap().path(), &[]).unwrap();
        let key = || certificate.0.lock().unwrap().key.clone();
        let first = key();
        for broken in [
            PanelTls { certificate: "none".into(), ..files.clone() },
            PanelTls { key: Secret::new("none".into()), ..files.clone() },
            PanelTls { key: other.key.clone(), ..files.clone() },
        ] {
            assert_eq!(Certificate::new(broken.clone()).unwrap_err().code(), "panel_certificate");
            assert_eq!(certificate.replace(broken.clone()).unwrap_err().code(), "panel_certificate");
            assert!(certificate.replace(broken).is_ok(), "said once");
            assert!(Arc::ptr_eq(&first, &key()), "the former one goes on");
        }
        certificate.replace(other).unwrap();
        assert!(!Arc::ptr_eq(&first, &key()));
    }
}
