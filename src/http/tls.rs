//! TLS of the panel's port.

use crate::base::{Error, Kind, Result};
use crate::platform::panel_tls::{self, PanelTls};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::sync::Arc;

/// Name of HTTP/2 in ALPN (RFC 9113 §3.2).
pub(super) const H2: &[u8] = b"h2";

/// The server's side: TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1. Error: `panel_certificate` when certificate and key cannot
/// be used.
pub(super) fn config(files: &PanelTls) -> Result<Arc<ServerConfig>> {
    let bad = |e: &dyn std::fmt::Display| Error::new(Kind::Unavailable, "panel_certificate").with("reason", e);
    let chain = panel_tls::certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(files.key.expose().as_bytes()).map_err(|e| bad(&e))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(Error::fault)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(|e| bad(&e))?;
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
        assert!(config(&files).is_ok());
        for broken in [
            PanelTls { certificate: "none".into(), ..files.clone() },
            PanelTls { key: Secret::new("none".into()), ..files },
        ] {
            assert_eq!(config(&broken).unwrap_err().code(), "panel_certificate");
        }
    }
}
