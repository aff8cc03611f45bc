//! Certificate and key of the panel's own port.
//!
//! The two files that count lie in `tls/`. A pair that somebody sets through the panel lies in a folder of its own below
//! it, named by what it is, until it has proved itself ([`keep`], [`adopt`]): so the former pair is there to go back to.

mod check;
mod der;
mod pair_id;

pub use check::{CERTIFICATE_BYTES_MAX, KEY_BYTES_MAX, check};
pub use pair_id::PairId;

use super::files::{self, RootDir};
use crate::base::clock::Time;
use crate::base::{Error, Kind, Result, Secret};
use crate::platform::nginx::sha256_hex;
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};

/// The certificate, below the folder of [`ensure`].
pub const CERTIFICATE: &str = "tls/panel.pem";
/// Its private key.
pub const KEY: &str = "tls/panel.key";
/// Folder of the pairs that wait.
const KEPT: &str = "tls/kept";
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
    write(&folder, "tls", &made)?;
    Ok(made)
}

/// Puts `pair` in the place of the files below `folder`.
pub fn replace_files(folder: &Path, pair: &PanelTls) -> Result<()> {
    write(&RootDir::open_or_make(folder)?, "tls", pair)
}

/// Puts the files of [`present`] aside, as `panel.pem.before` and `panel.key.before` (0600), or with a number behind that
/// where such files are there: the key may be the only one there is. A pair that the panel made itself is not worth it.
pub fn put_aside(folder: &Path) -> Result<()> {
    let own = |pair: &PanelTls| facts(&pair.certificate).is_ok_and(|facts| facts.self_made) && pair.certified().is_ok();
    if present(folder).is_ok_and(|files| files.as_ref().is_some_and(own)) {
        return Ok(());
    }
    let folder = RootDir::open_or_make(folder)?;
    let end = free_end(&folder)?;
    for file in [KEY, CERTIFICATE] {
        let aside = format!("{file}.{end}");
        match folder.read(file, BYTES_MAX) {
            Ok(Some(bytes)) => folder.write(&aside, &bytes, 0o600)?,
            Ok(None) => {}
            // A link, or a file of root's.
            Err(_) => folder.replace(file, &aside)?,
        }
    }
    Ok(())
}

/// The first of `before`, `before.1` … under which neither file lies aside yet.
fn free_end(folder: &RootDir) -> Result<String> {
    for n in 0_u32.. {
        let end = if n == 0 { "before".to_owned() } else { format!("before.{n}") };
        if folder.stat(&format!("{KEY}.{end}"))?.is_none() && folder.stat(&format!("{CERTIFICATE}.{end}"))?.is_none() {
            return Ok(end);
        }
    }
    Err(Error::fault("no name is free"))
}

/// A pair that lies below the folder for a change that is not on the disk yet. Dropped, it is deleted again.
#[must_use]
pub struct Kept {
    folder: PathBuf,
    id: PairId,
    /// Whether it goes when this is dropped.
    goes: bool,
}

impl Kept {
    /// What names it.
    pub fn id(&self) -> PairId {
        self.id
    }

    /// The change is on the disk: from now on its row says how long the pair is needed.
    pub fn stays(mut self) {
        self.goes = false;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.goes {
            return;
        }
        let gone = RootDir::open_or_make(&self.folder).and_then(|folder| folder.remove_tree(&kept_at(self.id)));
        if let Err(e) = gone {
            log::warn!(target: "manara::guard", "a certificate that was not taken goes at the next start: {e}");
        }
    }
}

/// Keeps `pair` below `folder` without making it count.
pub fn keep(folder: &Path, pair: &PanelTls) -> Result<Kept> {
    let id = pair.id()?;
    // One that lies there already may be named by a row.
    let goes = !kept(folder, id).is_ok_and(|pair| pair.is_some());
    let kept = Kept { folder: folder.to_owned(), id, goes };
    write(&RootDir::open_or_make(folder)?, &kept_at(id), pair)?;
    Ok(kept)
}

/// The kept pair `id`; `None` where it is gone.
pub fn kept(folder: &Path, id: PairId) -> Result<Option<PanelTls>> {
    let at = folder.join(kept_at(id));
    let certificate = files::read_own(&at.join("panel.pem"), BYTES_MAX)?;
    let key = files::read_own(&at.join("panel.key"), BYTES_MAX)?;
    Ok(certificate.zip(key).map(|(certificate, key)| PanelTls { certificate, key: Secret::new(key) }))
}

/// Makes the kept pair `id` the files of [`present`]. Interrupted, it is simply done again.
pub fn adopt(folder: &Path, id: PairId) -> Result<()> {
    match kept(folder, id)? {
        Some(pair) => replace_files(folder, &pair),
        None => Ok(()),
    }
}

/// Deletes the kept pairs but those of `ids`.
pub fn forget_all_but(folder: &Path, ids: &[PairId]) -> Result<()> {
    if files::owner(&folder.join(KEPT))?.is_none() {
        return Ok(());
    }
    let folder = RootDir::open_or_make(folder)?;
    let stay: Vec<String> = ids.iter().map(|id| id.folder()).collect();
    let mut gone = folder.list(KEPT)?.into_iter().filter(|name| !stay.contains(name));
    gone.try_for_each(|name| folder.remove_tree(&format!("{KEPT}/{name}")))
}

fn kept_at(id: PairId) -> String {
    format!("{KEPT}/{}", id.folder())
}

/// The key first: a certificate is never there without it.
fn write(folder: &RootDir, at: &str, pair: &PanelTls) -> Result<()> {
    folder.make_dirs(at, 0o700)?;
    folder.write(&format!("{at}/panel.key"), pair.key.expose().as_bytes(), 0o600)?;
    folder.write(&format!("{at}/panel.pem"), pair.certificate.as_bytes(), 0o644)
}

impl PanelTls {
    /// What TLS is spoken with. Error: `panel_certificate` when either cannot be read, or they do not belong together.
    pub fn certified(&self) -> Result<CertifiedKey> {
        let key = PrivateKeyDer::from_pem_slice(self.key.expose().as_bytes()).map_err(unusable)?;
        CertifiedKey::from_der(certificates(&self.certificate)?, key, &ring::default_provider()).map_err(unusable)
    }

    /// Whether a client could be shown it at `now`: both can be used, and the certificate has not expired. One that does
    /// not count yet is more likely met by a clock that is wrong.
    pub fn works(&self, now: Time) -> bool {
        facts(&self.certificate).is_ok_and(|facts| now < facts.not_after) && self.certified().is_ok()
    }

    /// What tells this pair from every other one. Error: `panel_certificate`.
    pub fn id(&self) -> Result<PairId> {
        PairId::of(&self.certificate)
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
    /// Whether the panel made it itself.
    pub self_made: bool,
    /// Host names and addresses that it counts for, in lower case; a name may begin with `*.`.
    pub names: Vec<String>,
    /// When it begins to count.
    pub not_before: Time,
    /// When it stops counting.
    pub not_after: Time,
}

impl CertificateFacts {
    /// Whether browsers accept it under `host`, a host name in ASCII form or an address (RFC 6125 §6.4: `*` stands for one
    /// label).
    pub fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let above = host.split_once('.').map(|(_, above)| above);
        self.names.iter().any(|name| *name == host || name.strip_prefix("*.").is_some_and(|rest| Some(rest) == above))
    }
}

/// What the first certificate of a PEM text says of itself. Error: `panel_certificate`.
pub fn facts(pem: &str) -> Result<CertificateFacts> {
    let first = certificates(pem)?.swap_remove(0);
    let told = der::facts(&first).ok_or_else(|| unusable("it is no X.509 certificate"))?;
    Ok(CertificateFacts {
        fingerprint: shown_hash(&first),
        self_signed: told.self_signed,
        self_made: told.ours,
        names: told.names,
        not_before: told.not_before,
        not_after: told.not_after,
    })
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

/// A new self-signed pair for `names` (host names and addresses), `localhost` and the loopback addresses.
pub fn make(names: &[String]) -> Result<PanelTls> {
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
        let files = ensure(root.path(), &["Panel.example".into()]).unwrap();
        let told = facts(&files.certificate).unwrap();
        assert!(told.self_signed && told.self_made && told.not_before < told.not_after);
        assert_eq!(told.names, ["127.0.0.1", "::1", "panel.example", "localhost"]);
        assert_eq!(told.fingerprint, fingerprint(&files.certificate).unwrap());
        assert_eq!((told.fingerprint.len(), told.fingerprint.matches(':').count()), (95, 31));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(facts(broken).unwrap_err().code(), "panel_certificate");
    }

    #[test]
    fn a_star_stands_for_one_label() {
        let made = make(&["*.example.org".into()]).unwrap();
        let told = facts(&made.certificate).unwrap();
        for (host, covered) in [
            ("a.example.org", true),
            ("A.Example.org", true),
            ("example.org", false),
            ("a.b.example.org", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
        ] {
            assert_eq!(told.covers(host), covered, "{host}");
        }
    }

    #[test]
    fn a_kept_pair_becomes_the_files_and_the_others_go() {
        let root = tempfile::tempdir().unwrap();
        let first = ensure(root.path(), &[]).unwrap();
        let pairs = [make(&[]).unwrap(), make(&[]).unwrap()];
        let ids = pairs.each_ref().map(|pair| {
            let kept = keep(root.path(), pair).unwrap();
            let id = kept.id();
            kept.stays();
            id
        });
        assert_eq!(present(root.path()).unwrap().unwrap(), first, "keeping makes nothing count");
        assert_eq!(kept(root.path(), ids[1]).unwrap().unwrap(), pairs[1]);
        let key = root.path().join(kept_at(ids[1])).join("panel.key");
        assert_eq!(std::fs::metadata(key).unwrap().mode() & 0o777, 0o600);
        adopt(root.path(), ids[1]).unwrap();
        assert_eq!(present(root.path()).unwrap().unwrap(), pairs[1]);
        forget_all_but(root.path(), &ids[..1]).unwrap();
        assert!(kept(root.path(), ids[0]).unwrap().is_some() && kept(root.path(), ids[1]).unwrap().is_none());
        adopt(root.path(), ids[1]).unwrap();
        assert_eq!(present(root.path()).unwrap().unwrap(), pairs[1], "what is gone changes nothing");
    }

    #[test]
    fn a_pair_that_is_kept_for_nothing_goes_but_not_one_that_lay_there() {
        let root = tempfile::tempdir().unwrap();
        let pair = make(&[]).unwrap();
        let id = pair.id().unwrap();
        drop(keep(root.path(), &pair).unwrap());
        assert_eq!(kept(root.path(), id).unwrap(), None);
        keep(root.path(), &pair).unwrap().stays();
        drop(keep(root.path(), &pair).unwrap());
        assert_eq!(kept(root.path(), id).unwrap(), Some(pair));
    }

    #[test]
    fn a_pair_of_ones_own_is_put_aside_whole_and_nothing_else_takes_its_place() {
        let root = tempfile::tempdir().unwrap();
        let (first, other) = (ensure(root.path(), &[]).unwrap(), make(&[]).unwrap());
        let (pem, key) = (root.path().join(CERTIFICATE), root.path().join(KEY));
        let aside = |path: &Path| path.with_added_extension("before");
        put_aside(root.path()).unwrap();
        assert!(!aside(&key).exists(), "the panel's own can be made again");
        std::fs::write(&key, other.key.expose()).unwrap();
        put_aside(root.path()).unwrap();
        assert_eq!(std::fs::read_to_string(aside(&key)).unwrap(), *other.key.expose());
        assert_eq!(std::fs::read_to_string(aside(&pem)).unwrap(), first.certificate);
        assert_eq!(std::fs::metadata(aside(&key)).unwrap().mode() & 0o777, 0o600);
        replace_files(root.path(), &first).unwrap();
        put_aside(root.path()).unwrap();
        assert_eq!(std::fs::read_to_string(aside(&key)).unwrap(), *other.key.expose());
        // A link, as programs that renew certificates make them, is moved as it is.
        let elsewhere = root.path().join("elsewhere.key");
        std::fs::rename(&key, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &key).unwrap();
        std::fs::write(&pem, "broken").unwrap();
        put_aside(root.path()).unwrap();
        let second = |path: &Path| path.with_added_extension("before.1");
        assert_eq!(std::fs::read_link(second(&key)).unwrap(), elsewhere);
        assert_eq!(std::fs::read_to_string(second(&pem)).unwrap(), "broken");
        assert_eq!(std::fs::read_to_string(aside(&key)).unwrap(), *other.key.expose(), "nothing that is aside is lost");
    }

    #[test]
    fn a_pair_works_until_it_expires() {
        let pair = make(&[]).unwrap();
        let told = facts(&pair.certificate).unwrap();
        assert!(pair.works(told.not_before.plus_s(-1)) && pair.works(told.not_after.plus_s(-1)));
        assert!(!pair.works(told.not_after));
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
