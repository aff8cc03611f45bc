//! `manara self update` from where releases are published: real releases made by `scripts/package.sh`, a real server, the
//! real command. The versions themselves are scripts that keep their "database" in a file: what migrations do is shown by
//! the tests of the updater, and what real versions do on a booted machine by `tests/vps`.

use crate::install::{has, run};
use crate::support::releases::{Odd, Releases};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// A program that is the panel as far as an update asks it.
fn program(version: &str) -> String {
    format!(
        "#!/bin/sh\ncase \"$*\" in --version) echo 'manara {version} (test, test)';; self-test) ;;\n\
         *'self status') echo '{{\"schema\": 1}}';; *snapshot) echo '{{}}';; *'self setup --yes --no-start') ;;\n\
         *) echo \"what is $*?\"; exit 9;; esac\n"
    )
}

fn put(path: &Path, text: &str, mode: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// A machine with version 1.0.0, and a place where 0.9.0 and 1.1.0 are published.
struct World {
    folder: tempfile::TempDir,
    releases: Releases,
}

impl World {
    fn new(tls: bool) -> World {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        run(Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(&key));
        for version in ["0.9.0", "1.1.0"] {
            let file = folder.path().join("program");
            put(&file, &program(version), 0o755);
            let mut script = Command::new(Path::new(REPOSITORY).join("scripts/package.sh"));
            script.env("MANARA_SIGNING_KEY", &key).env("SOURCE_DATE_EPOCH", "1700000000").arg("--binary").arg(file);
            let machine = if std::env::consts::ARCH == "arm" { "armv7" } else { std::env::consts::ARCH };
            run(script.arg("--out").arg(folder.path().join("published").join(version)).arg(machine));
        }
        let published = folder.path().join("published");
        std::fs::create_dir(published.join("latest")).unwrap();
        for name in ["SHA256SUMS", "SHA256SUMS.sig"] {
            std::fs::copy(published.join("1.1.0").join(name), published.join("latest").join(name)).unwrap();
        }
        let world = World { releases: Releases::serve(&published, tls), folder };
        let put = |path: &str, text: &str| put(&world.root().join(path), text, 0o644);
        put("etc/manara/release.pub", &std::fs::read_to_string(published.join("1.1.0/release.pub")).unwrap());
        put("etc/manara/manara.toml", &format!("release.url = \"{}/\"\n", world.releases.url));
        put("etc/ssl/certs/ca-certificates.crt", &world.releases.authority);
        put("var/lib/manara-host/x", "");
        crate::update::put(&world.root().join("opt/manara/1.0.0/manara"), &program("1.0.0"), 0o755);
        std::os::unix::fs::symlink("1.0.0", world.root().join("opt/manara/current")).unwrap();
        world
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn published(&self, path: &str) -> PathBuf {
        self.folder.path().join("published").join(path)
    }

    /// Exit code and everything that was said.
    fn update(&self, words: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
        command.env_clear().arg("--root").arg(self.root()).args(["self", "update"]).args(words);
        let done = command.output().unwrap();
        (done.status.code().unwrap(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    }

    /// What is in use, and whether nothing is left of a download.
    fn in_use(&self) -> String {
        assert!(!self.root().join("opt/manara/.download").exists(), "the download was not deleted");
        let link = std::fs::read_link(self.root().join("opt/manara/current")).unwrap();
        link.to_string_lossy().into_owned()
    }

    fn refused(&self, words: &[&str], code: i32, why: &str) {
        let (ended, said) = self.update(words);
        assert!(ended == code && said.contains(why), "not refused with {code}, {why}: {ended}\n{said}");
        assert_eq!(self.in_use(), "1.0.0");
    }
}

#[test]
fn the_newest_version_is_fetched_over_tls_and_taken() {
    if !has("openssl") {
        return;
    }
    let world = World::new(true);
    world.refused(&["--version", "0.9.0"], 4, "0.9.0 is older than 1.0.0");
    assert_eq!(world.releases.asked(), ["/0.9.0/SHA256SUMS", "/0.9.0/SHA256SUMS.sig"], "nothing is unpacked for it");
    let (ended, said) = world.update(&[]);
    assert!(ended == 0 && said.contains("Version 1.1.0 runs"), "{said}");
    assert_eq!(world.in_use(), "1.1.0");
    assert_eq!(world.releases.asked().len(), 3, "list, signature and tarball");
    let (ended, said) = world.update(&["--version", "1.1.0"]);
    assert!(ended == 0 && said.contains("1.1.0 runs already"), "{said}");
    assert_eq!(world.releases.asked().len(), 2, "the tarball is not fetched again");
    let (ended, said) = world.update(&["--version", "0.9.0", "--downgrade"]);
    assert!(ended == 0, "{said}");
    assert_eq!(world.in_use(), "0.9.0");
    let noted = std::fs::read_to_string(world.root().join("var/lib/manara-host/update.jsonl")).unwrap();
    assert!(noted.contains("\"download\"") && noted.lines().last().unwrap().contains("0.9.0"), "{noted}");
}

#[test]
fn nothing_is_taken_that_was_not_signed_or_comes_in_another_way_than_asked() {
    if !has("openssl") {
        return;
    }
    let world = World::new(true);
    let plain = Releases::serve(&world.published(""), false);
    world.refused(&["--version", "9.9.9"], 5, "404");
    world.refused(&["--version", "../1.1.0"], 2, "is no version");
    world.releases.behaves(Some(Odd::Endless("SHA256SUMS")));
    world.refused(&[], 2, "is larger than");
    world.releases.behaves(Some(Odd::Half(".tar.gz")));
    world.refused(&[], 5, "could not be fetched");
    world.releases.behaves(Some(Odd::Elsewhere(plain.url.clone())));
    world.refused(&[], 5, "could not be fetched");
    assert!(plain.asked().is_empty(), "from TLS nothing leads to plain HTTP");
    world.releases.behaves(None);

    let list = world.published("latest/SHA256SUMS");
    let good = std::fs::read(&list).unwrap();
    std::fs::write(&list, [good.as_slice(), b"\n"].concat()).unwrap();
    world.refused(&[], 3, "not signed");
    std::fs::write(&list, good).unwrap();
    let name = format!("1.1.0/manara-1.1.0-{}.tar.gz", std::env::consts::ARCH);
    std::fs::write(world.published(&name), "another").unwrap();
    world.refused(&[], 3, "not the file whose sum was signed");
    // An older release in the place of a newer one is signed all the same.
    std::fs::rename(world.published("1.1.0"), world.published("away")).unwrap();
    std::fs::rename(world.published("0.9.0"), world.published("1.1.0")).unwrap();
    world.refused(&["--version", "1.1.0"], 3, "there is version 0.9.0, not 1.1.0");

    std::fs::remove_file(world.root().join("etc/ssl/certs/ca-certificates.crt")).unwrap();
    world.refused(&[], 5, "could not be fetched");
    std::fs::remove_file(world.root().join("etc/manara/manara.toml")).unwrap();
    world.refused(&[], 2, "not known where releases are published");
}

#[test]
fn what_a_killed_update_had_fetched_is_deleted_at_the_next_start() {
    if !has("openssl") {
        return;
    }
    let world = World::new(false);
    put(&world.root().join("opt/manara/.download/manara-1.1.0-x86_64.tar.gz"), "half", 0o600);
    let environment = world.root().join("var/lib/manara-host/update.env");
    put(&environment, "HTTPS_PROXY=\"http://user:password@proxy\"\n", 0o600);
    let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
    run(command.env_clear().arg("--root").arg(world.root()).args(["self", "recover"]));
    assert_eq!(world.in_use(), "1.0.0");
    assert!(!environment.exists(), "the proxy's password is left");
}

#[test]
fn plain_http_is_for_this_machine_only() {
    if !has("openssl") {
        return;
    }
    let world = World::new(false);
    let config = world.root().join("etc/manara/manara.toml");
    let good = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, "release.url = \"http://releases.example\"\n").unwrap();
    world.refused(&[], 2, "must begin with https://");
    std::fs::write(&config, good).unwrap();
    world.releases.behaves(Some(Odd::Elsewhere("http://127.0.0.1:9".into())));
    world.refused(&[], 5, "could not be fetched");
    world.releases.behaves(None);
    let (ended, said) = world.update(&[]);
    assert!(ended == 0, "{said}");
    assert_eq!(world.in_use(), "1.1.0");
}
