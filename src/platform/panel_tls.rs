//! Certificate and key of the panel's own port.

mod der;

use super::files::{self, RootDir};
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result, Secret};
use crate::platform::nginx::sha256_hex;
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The certificate, below the folder of [`ensure`].
pub const CERTIFICATE: &str = "tls/panel.pem";
/// Its private key.
pub const KEY: &str = "tls/panel.key";
/// Largest file that is read: chains with several large certificates have a few ten kilobytes.
const BYTES_MAX: usize = 256 * 1024;

/// What the panel's port speaks TLS with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelTls {
    /// Certificate and those above it, PEM.
    pub certificate: String,
    /// Private key, PEM.
    pub key: Secret<String>,
}

/// Reads `tls/panel.pem` and `tls/panel.key` below `folder`. Where one is missing both are made: a self-signed certificate
/// for `names` (host names and addresses), `localhost` and the loopback addresses. A certificate of one's own is put
/// there by hand, and stays.
pub fn ensure(folder: &Path, names: &[String]) -> Result<PanelTls> {
    let folder = RootDir::open_or_make(folder)?;
    if let (Some(certificate), Some(key)) = (read(&folder, CERTIFICATE)?, read(&folder, KEY)?) {
        return Ok(PanelTls { certificate, key: Secret::new(key) });
    }
    let made = make(names)?;
    folder.make_dirs("tls", 0o700)?;
    folder.write(KEY, made.key.expose().as_bytes(), 0o600)?;
    folder.write(CERTIFICATE, made.certificate.as_bytes(), 0o644)?;
    Ok(made)
}

impl PanelTls {
    /// What TLS is spoken with. Error: `panel_certificate` when either cannot be read, or they do not belong together.
    pub fn certified(&self) -> Result<CertifiedKey> {
        let key = PrivateKeyDer::from_pem_slice(self.key.expose().as_bytes()).map_err(unusable)?;
        CertifiedKey::from_der(certificates(&self.certificate)?, key, &ring::default_provider()).map_err(unusable)
    }
}

/// What lies below `folder`, without making anything; `None` where one of the two is missing.
pub fn present(folder: &Path) -> Result<Option<PanelTls>> {
    let certificate = files::read_own(&folder.join(CERTIFICATE), BYTES_MAX)?;
    let key = files::read_own(&folder.join(KEY), BYTES_MAX)?;
    Ok(certificate.zip(key).map(|(certificate, key)| PanelTls { certificate, key: Secret::new(key) }))
}

fn read(folder: &RootDir, rel: &str) -> Result<Option<String>> {
    let bytes = folder.read(rel, BYTES_MAX)?;
    bytes.map(|b| String::from_utf8(b).map_err(|_| Error::fault(format!("{rel} is not PEM")))).transpose()
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct CertificateFacts {
    /// SHA-256 of the certificate (DER), as browsers show it: `AB:CD:…`.
    pub fingerprint: String,
    /// Whether nobody else vouches for it: issuer and subject are the same.
    pub self_signed: bool,
    /// When it begins to count.
    pub not_before: Time,
    /// When it stops counting.
    pub not_after: Time,
}

/// What the certificate below `folder` says of itself; `None` where there is none. Error: `panel_certificate` for a file
/// that holds none.
pub fn facts(folder: &Path) -> Result<Option<CertificateFacts>> {
    let Some(pem) = read(&RootDir::open_or_make(folder)?, CERTIFICATE)? else { return Ok(None) };
    let first = certificates(&pem)?.swap_remove(0);
    let der::Facts { self_signed, not_before, not_after } =
        der::facts(&first).ok_or_else(|| unusable("it is no X.509 certificate"))?;
    Ok(Some(CertificateFacts { fingerprint: shown_hash(&first), self_signed, not_before, not_after }))
}

/// The certificates of a PEM file, at least one. Error: `panel_certificate`.
pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = found.map_err(unusable)?;
    if chain.is_empty() { Err(unusable("the file holds no certificate")) } else { Ok(chain) }
}

/// SHA-256 of the first certificate, as browsers show it: `AB:CD:…`. Error: `panel_certificate`.
pub fn fingerprint(pem: &str) -> Result<String> {
    Ok(shown_hash(&certificates(pem)?[0]))
}

fn shown_hash(der: &[u8]) -> String {
    let hex = sha256_hex(der).to_uppercase();
    let pairs: Vec<&str> = (0..hex.len() / 2).map(|i| &hex[2 * i..2 * i + 2]).collect();
    pairs.join(":")
}

fn unusable(reason: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, "panel_certificate").with("reason", reason)
}

fn make(names: &[String]) -> Result<PanelTls> {
    let usual = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let names: std::collections::BTreeSet<String> = names.iter().cloned().chain(usual).collect();
    let mut params = rcgen::CertificateParams::new(names.into_iter().collect::<Vec<_>>()).map_err(Error::fault)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, "Manara");
    params.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ServerAuth);
    let key = rcgen::KeyPair::generate().map_err(Error::fault)?;
    let certificate = params.self_signed(&key).map_err(Error::fault)?;
    Ok(PanelTls { certificate: certificate.pem(), key: Secret::new(key.serialize_pem()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_made_certificate_tells_what_it_is() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(facts(root.path()).unwrap(), None);
        let files = ensure(root.path(), &[]).unwrap();
        let told = facts(root.path()).unwrap().unwrap();
        assert!(told.self_signed && told.not_before < told.not_after);
        assert_eq!(told.fingerprint, fingerprint(&files.certificate).unwrap());
        assert_eq!((told.fingerprint.len(), told.fingerprint.matches(':').count()), (95, 31));
        std::fs::write(root.path().join(CERTIFICATE), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .unwrap();
        assert_eq!(facts(root.path()).unwrap_err().code(), "panel_certificate");
    }

    #[test]
    fn the_certificate_is_made_once_and_its_key_is_private() {
        let root = tempfile::tempdir().unwrap();
        let first = ensure(root.path(), &["panel.example".into()]).unwrap();
        let second = ensure(root.path(), &[]).unwrap();
        assert_eq!(first.certificate, second.certificate);
        assert_eq!(first.key.expose(), second.key.expose());
        let mode = |path: &str| std::fs::metadata(root.path().join(path)).unwrap().mode() & 0o777;
        assert_eq!(mode("tls/panel.key"), 0o600);
        assert_eq!(mode("tls"), 0o700);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(ensure(other.path(), &[]).unwrap().key.expose(), first.key.expose(), "two installs share no key");
    }
}
