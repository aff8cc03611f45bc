//! A release as it is published: a tarball per architecture, `SHA256SUMS`, and a signature over that list. Nothing of a
//! tarball is looked at before the list's signature and the tarball's sum in it are found good.

use super::disk;
use crate::base::{Error, Kind, Result};
use crate::platform::command::{self, Program};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The list of sums, beside the tarball.
pub const SUMS: &str = "SHA256SUMS";
/// Its signature: the 64 raw bytes of Ed25519 (RFC 8032).
pub const SIGNATURE: &str = "SHA256SUMS.sig";
/// Longest list that is read.
pub(super) const SUMS_BYTES_MAX: usize = 64 * 1024;
/// Length of the signature.
pub(super) const SIGNATURE_BYTES: usize = 64;
const UNPACK_S_MAX: u64 = 300;

/// The key this binary was packaged with; `etc/manara/release.pub` comes before it.
const BUILT_IN: Option<&str> = option_env!("MANARA_RELEASE_KEY");

/// A public key as minisign writes it: base64 of `Ed`, eight bytes that name the key, and the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a key line, or a key file with its comment line. Error: `release_key_bad`.
    pub fn parse(text: &str) -> Result<PublicKey> {
        let bad = || Error::new(Kind::BadInput, "release_key_bad");
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).ok_or_else(bad)?;
        let bytes = STANDARD.decode(line).map_err(|_| bad())?;
        match bytes.strip_prefix(b"Ed") {
            Some(rest) if rest.len() == 40 => rest[8..].try_into().map(PublicKey).map_err(|_| bad()),
            _ => Err(bad()),
        }
    }

    /// The key that releases for the machine at `root` are signed with. Error: `release_key_missing`.
    pub fn of(root: &Path) -> Result<PublicKey> {
        let path = root.join("etc/manara/release.pub");
        let text = disk::read(&path)?;
        let text = text.as_deref().or(BUILT_IN);
        PublicKey::parse(
            text.ok_or_else(|| Error::new(Kind::Unavailable, "release_key_missing").with("path", path.display()))?,
        )
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        let checked = UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature);
        checked.map_err(|_| Error::new(Kind::Forbidden, "release_signature_bad"))
    }
}

/// A tarball whose origin is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Where it is.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
}

/// Checks the tarball at `path` against the list and signature beside it, and that it is for this machine. Errors:
/// `release_incomplete` with the file that is missing, `release_signature_bad`, `release_sum_bad`, `release_name_bad`,
/// `release_wrong_machine`.
pub fn verify(path: &Path, key: &PublicKey) -> Result<Release> {
    let sums = signed_sums(path.parent().unwrap_or(Path::new(".")), key)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let wanted = sums.lines().filter_map(|line| line.split_once("  ")).find(|(_, file)| *file == name);
    let bad_sum = || Error::new(Kind::Forbidden, "release_sum_bad").with("file", &name);
    let (wanted, _) = wanted.ok_or_else(bad_sum)?;
    if sha256_of(path)? != wanted {
        return Err(bad_sum());
    }
    let (version, machine) =
        parts(&name).ok_or_else(|| Error::new(Kind::BadInput, "release_name_bad").with("file", &name))?;
    if machine != machine_name() {
        let e = Error::new(Kind::BadInput, "release_wrong_machine").with("file", &name);
        return Err(e.with("machine", machine_name()));
    }
    Ok(Release { path: path.to_owned(), version: version.to_owned() })
}

/// The list of sums in `folder`, whose signature is good. Errors: `release_incomplete`, `release_signature_bad`.
fn signed_sums(folder: &Path, key: &PublicKey) -> Result<String> {
    let sums = read(&folder.join(SUMS), SUMS_BYTES_MAX)?;
    key.verify(&sums, &read(&folder.join(SIGNATURE), SIGNATURE_BYTES)?)?;
    Ok(String::from_utf8_lossy(&sums).into_owned())
}

/// The tarball for this machine in the signed list in `folder`: its name and version. Errors: those of the signature, and
/// `release_not_for_machine` for a list without one.
pub(super) fn offered(folder: &Path, key: &PublicKey) -> Result<(String, String)> {
    let sums = signed_sums(folder, key)?;
    let names = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1));
    let fits = |name: &str| {
        let (version, machine) = parts(name)?;
        (machine == machine_name()).then(|| (name.to_owned(), version.to_owned()))
    };
    let none = || Error::new(Kind::NotFound, "release_not_for_machine").with("machine", machine_name());
    names.filter_map(fits).next().ok_or_else(none)
}

/// Version and architecture in the name of a tarball, `manara-VERSION-ARCH.tar.gz`.
fn parts(name: &str) -> Option<(&str, &str)> {
    let (version, machine) = name.strip_prefix("manara-")?.strip_suffix(".tar.gz")?.rsplit_once('-')?;
    is_version(version).then_some((version, machine))
}

/// Whether the text is a version that may name a folder.
pub fn is_version(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    text.starts_with(|c: char| c.is_ascii_digit()) && text.len() <= 64 && text.chars().all(allowed)
}

/// What packages for this machine are called.
pub fn machine_name() -> &'static str {
    if cfg!(target_arch = "arm") { "armv7" } else { std::env::consts::ARCH }
}

/// Unpacks the program of a proved release into `folder`, which is made anew; its path.
pub(super) fn unpack(release: &Release, folder: &Path) -> Result<PathBuf> {
    disk::remove(folder)?;
    disk::make_folder(folder, 0o700)?;
    let (file, into) = (release.path.display().to_string(), folder.display().to_string());
    let words = ["-xzf", &file, "-C", &into, "--no-same-owner", "--strip-components=1"];
    let output = command::run(Program::Tar, &words, Duration::from_secs(UNPACK_S_MAX), &mut |_| true)?;
    if !output.ok {
        return Err(Error::new(Kind::External, "release_unpack").with("file", &file).evidence(output.text));
    }
    let program = folder.join("manara");
    if program.symlink_metadata().is_ok_and(|about| about.is_file()) {
        return Ok(program);
    }
    Err(Error::new(Kind::BadInput, "release_name_bad").with("file", &file))
}

/// SHA-256 of a file, as `sha256sum` prints it.
pub(super) fn sha256_of(path: &Path) -> Result<String> {
    let failed = |e: std::io::Error| missing(path, &e);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut part) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut part).map_err(failed)? {
            0 => break,
            n => hash.update(&part[..n]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read(path: &Path, max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|e| missing(path, &e))?;
    Ok(bytes)
}

pub(super) fn missing(path: &Path, e: &std::io::Error) -> Error {
    Error::new(Kind::NotFound, "release_incomplete").with("path", path.display()).with("reason", e)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    /// A signing key, and its public key as minisign writes it.
    pub(in super::super) fn key() -> (Ed25519KeyPair, String) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let line = STANDARD.encode([b"Ed".as_slice(), &[1; 8], pair.public_key().as_ref()].concat());
        (pair, line)
    }

    /// A release folder with one tarball whose program is the shell script `program`; the tarball.
    pub(in super::super) fn publish(folder: &Path, version: &str, program: &str) -> PathBuf {
        let inner = folder.join("tree/manara");
        std::fs::create_dir_all(inner.parent().unwrap()).unwrap();
        std::fs::write(&inner, program).unwrap();
        std::fs::set_permissions(&inner, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let name = format!("manara-{version}-{}.tar.gz", machine_name());
        let tarball = folder.join(&name);
        let mut tar = std::process::Command::new("tar");
        assert!(tar.arg("-czf").arg(&tarball).arg("-C").arg(folder).arg("tree").status().unwrap().success());
        sign(folder, &format!("{}  {name}\n", sha256_of(&tarball).unwrap()));
        tarball
    }

    fn sign(folder: &Path, sums: &str) {
        std::fs::write(folder.join(SUMS), sums).unwrap();
        std::fs::write(folder.join(SIGNATURE), key().0.sign(sums.as_bytes())).unwrap();
    }

    #[test]
    fn a_release_is_believed_only_with_signature_and_sum() {
        let folder = tempfile::tempdir().unwrap();
        let tarball = publish(folder.path(), "1.2.3", "#!/bin/sh\n");
        let public = PublicKey::parse(&key().1).unwrap();
        assert_eq!(verify(&tarball, &public).unwrap().version, "1.2.3");
        let code = || verify(&tarball, &public).unwrap_err().code().to_owned();

        let sums = std::fs::read_to_string(folder.path().join(SUMS)).unwrap();
        std::fs::write(folder.path().join(SUMS), format!("{sums}\n")).unwrap();
        assert_eq!(code(), "release_signature_bad", "a changed list");
        sign(folder.path(), &sums.replace("1.2.3", "1.2.4"));
        assert_eq!(code(), "release_sum_bad", "a list that does not name the file");
        sign(folder.path(), &sums);
        std::fs::write(&tarball, "other").unwrap();
        assert_eq!(code(), "release_sum_bad", "a changed file");
        std::fs::remove_file(folder.path().join(SIGNATURE)).unwrap();
        assert_eq!(code(), "release_incomplete");
    }

    #[test]
    fn a_release_for_another_machine_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let tarball = publish(folder.path(), "1.2.3", "");
        let other = folder.path().join("manara-1.2.3-riscv64.tar.gz");
        std::fs::rename(&tarball, &other).unwrap();
        sign(folder.path(), &format!("{}  manara-1.2.3-riscv64.tar.gz\n", sha256_of(&other).unwrap()));
        let refused = verify(&other, &PublicKey::parse(&key().1).unwrap());
        assert_eq!(refused.unwrap_err().code(), "release_wrong_machine");
    }

    #[test]
    fn names_give_versions_that_may_be_folders() {
        assert_eq!(parts("manara-1.2.0-rc.1-x86_64.tar.gz"), Some(("1.2.0-rc.1", "x86_64")));
        for bad in ["manara-../x-x86_64.tar.gz", "manara--x86_64.tar.gz", "manara-1.tar.gz", "x", "manara-v1-x.tar.gz"]
        {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }

    #[test]
    fn keys_are_read_as_minisign_writes_them() {
        let (_, line) = key();
        let file = format!("untrusted comment: minisign public key\n{line}\n");
        assert_eq!(PublicKey::parse(&file).unwrap(), PublicKey::parse(&line).unwrap());
        for bad in ["", "x", "RWQ=", &STANDARD.encode([0; 42])] {
            assert_eq!(PublicKey::parse(bad).unwrap_err().code(), "release_key_bad");
        }
    }
}
