//! TLS of the panel's port.

use crate::base::{Error, Result};
use crate::platform::panel_tls::{self, PairId, PanelTls};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Name of HTTP/2 in ALPN (RFC 9113 §3.2).
pub(super) const H2: &[u8] = b"h2";

/// A certificate with what speaks TLS with it. Each has sessions of its own: a client that resumed one from before would
/// not be shown the new certificate. Once it is no longer shown, its connections end in order.
pub(super) struct Shown {
    /// What speaks TLS with it.
    pub(super) acceptor: TlsAcceptor,
    /// Which pair it is.
    pub(super) id: PairId,
    files: PanelTls,
    /// Dropped with it.
    ends: watch::Sender<bool>,
}

impl Shown {
    /// Error: `panel_certificate`.
    pub(super) fn new(files: PanelTls) -> Result<Arc<Self>> {
        let acceptor = TlsAcceptor::from(config(files.certified()?)?);
        Ok(Arc::new(Self { acceptor, id: files.id()?, files, ends: watch::Sender::new(false) }))
    }

    /// Tells a connection when it is no longer shown.
    pub(super) fn ends(&self) -> watch::Receiver<bool> {
        self.ends.subscribe()
    }
}

/// The certificate that every door shows.
#[derive(Default)]
pub(super) struct Certificate(Mutex<State>);

#[derive(Default)]
struct State {
    /// `None` before there was one.
    shown: Option<Arc<Shown>>,
    /// The files as they were last looked at, whether they can be used or not.
    seen: Option<PanelTls>,
    /// Whether they could not even be read then.
    unreadable: bool,
}

impl Certificate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What new connections are shown.
    pub(super) fn shown(&self) -> Option<Arc<Shown>> {
        self.state().shown.clone()
    }

    /// The same as a chain, PEM.
    pub(super) fn chain(&self) -> Option<String> {
        self.shown().map(|shown| shown.files.certificate.clone())
    }

    /// `files` ready to be shown; `None` where they are shown already. Error: `panel_certificate`.
    pub(super) fn ready(&self, files: PanelTls) -> Result<Option<Arc<Shown>>> {
        if self.shown().is_some_and(|shown| shown.files == files) {
            return Ok(None);
        }
        Shown::new(files).map(Some)
    }

    /// Shows `next` from now on; the connections that were shown the former one end in order.
    pub(super) fn show(&self, next: Arc<Shown>) {
        let mut state = self.state();
        if let Some(former) = &state.shown {
            former.ends.send_replace(true);
            log::info!(target: "manara::http", fingerprint = next.id.to_string().as_str(); "the panel shows another certificate");
        }
        state.seen = Some(next.files.clone());
        state.shown = Some(next);
    }

    /// Looks whether somebody put other files below `folder`. Once for each that cannot be used, the log says so, and the
    /// former ones go on.
    pub(super) fn look(&self, folder: &Path) {
        let files = panel_tls::present(folder);
        let mut state = self.state();
        let known = std::mem::replace(&mut state.unreadable, files.is_err());
        let ready = match files {
            // One of the two is just being put there, or both are to be made anew at the next start.
            Ok(None) => Ok(None),
            Ok(Some(files)) if state.seen.as_ref() == Some(&files) => Ok(None),
            Ok(Some(files)) => {
                state.seen = Some(files.clone());
                drop(state);
                self.ready(files)
            }
            Err(_) if known => Ok(None),
            Err(e) => Err(e),
        };
        match ready {
            Ok(Some(ready)) => self.show(ready),
            Ok(None) => {}
            Err(e) => log::warn!(target: "manara::http", "the panel keeps the certificate it has: {e}"),
        }
    }
}

/// The server's side: TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1.
fn config(key: CertifiedKey) -> Result<Arc<ServerConfig>> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(Error::fault)?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
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
        let certificate = Certificate::default();
        let first = certificate.ready(files.clone()).unwrap().unwrap();
        certificate.show(first.clone());
        assert!(certificate.ready(files.clone()).unwrap().is_none(), "it is shown already");
        let ends = first.ends();
        let other = panel_tls::make(&[]).unwrap();
        for broken in [
            PanelTls { certificate: "none".into(), ..files.clone() },
            PanelTls { key: Secret::new("none".into()), ..files.clone() },
            PanelTls { key: other.key.clone(), ..files.clone() },
        ] {
            assert_eq!(certificate.ready(broken).err().unwrap().code(), "panel_certificate");
        }
        std::fs::write(root.path().join(panel_tls::KEY), other.key.expose()).unwrap();
        certificate.look(root.path());
        assert!(Arc::ptr_eq(&first, &certificate.shown().unwrap()), "the former one goes on");
        assert!(!*ends.borrow());
        std::fs::write(root.path().join(panel_tls::CERTIFICATE), &other.certificate).unwrap();
        certificate.look(root.path());
        assert_eq!(certificate.shown().unwrap().id, other.id().unwrap());
        assert!(*ends.borrow(), "connections with the former one end");
    }
}
