//! What goes onto a machine: units that confine, and releases whose signatures other tools accept.

use crate::support::panel::cannot;
use crate::support::releases::{Odd, Releases};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    let said = || String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {}", said());
    output
}

/// Whether the program is there; where it was promised it has to be.
pub(crate) fn has(program: &str) -> bool {
    let found = ["/usr/bin", "/bin", "/usr/sbin"].iter().any(|folder| Path::new(folder).join(program).exists());
    if !found {
        cannot("tools", &format!("{program} is not installed"));
    }
    found
}

/// The score of a unit as it is printed, out of 10; less is better.
fn exposure(unit: &str, folder: &Path) -> f64 {
    let printed = run(Command::new(env!("CARGO_BIN_EXE_manara")).args(["self", "units", "--print", unit]));
    let file = folder.join(unit);
    std::fs::write(&file, printed.stdout).unwrap();
    let words = ["security", "--offline=true", "--no-pager"];
    let said = run(Command::new("systemd-analyze").args(words).arg(&file));
    let said = String::from_utf8(said.stdout).unwrap();
    let line = said.lines().find(|line| line.contains("Overall exposure level")).unwrap();
    line.split(&[' ', ':'][..]).find_map(|word| word.parse().ok()).unwrap()
}

#[test]
fn the_units_are_as_tight_as_their_work_allows() {
    if !has("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (unit, most) in [("manara.service", 1.6), ("manara-host.service", 2.6), ("manara-recover.service", 3.0)] {
        let score = exposure(unit, folder.path());
        assert!(score <= most, "{unit} scores {score}, at most {most}");
    }
}

const MACHINES: [&str; 3] = ["x86_64", "aarch64", "armv7"];

/// A release of programs that are none: what is looked at here is everything around them.
fn release(folder: &Path) -> PathBuf {
    let built = folder.join("built");
    for machine in MACHINES {
        let program = built.join(machine).join("manara");
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::fs::write(&program, "#!/bin/sh\necho manara 1.2.3 '(test, test)'\n").unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let key = folder.join("key.pem");
    run(Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(&key));
    let out = folder.join("package");
    let mut script = Command::new(repository().join("scripts/package.sh"));
    script.env("MANARA_SIGNING_KEY", key).env("SOURCE_DATE_EPOCH", "1700000000");
    run(script.arg("--binaries").arg(built).arg("--out").arg(&out).args(MACHINES));
    out
}

#[test]
fn a_release_is_signed_for_other_tools_too_and_made_the_same_twice() {
    if !has("openssl") || !has("minisign") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = release(folder.path());
    let key = std::fs::read_to_string(out.join("release.pub")).unwrap();
    let key = key.lines().last().unwrap();
    let check = |key: &str| {
        let words = ["-Vm", "SHA256SUMS", "-x", "SHA256SUMS.minisig", "-P", key];
        Command::new("minisign").current_dir(&out).args(words).output().unwrap()
    };
    let checked = check(key);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(String::from_utf8_lossy(&checked.stdout).contains("manara 1.2.3"), "the trusted comment");
    let other = tempfile::tempdir().unwrap();
    let second = release(other.path());
    let foreign = std::fs::read_to_string(second.join("release.pub")).unwrap();
    assert!(!check(foreign.lines().last().unwrap()).status.success(), "another key");
    run(Command::new("sha256sum").current_dir(&out).args(["-c", "SHA256SUMS"]));

    let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).unwrap();
    let listed = String::from_utf8(read(&out, "SHA256SUMS")).unwrap();
    let tarballs = MACHINES.map(|machine| format!("manara-1.2.3-{machine}.tar.gz"));
    for name in tarballs.iter().map(String::as_str).chain(["manara-1.2.3.cdx.json"]) {
        assert!(listed.contains(&format!("  {name}\n")), "{name} is not in the list");
        assert_eq!(read(&out, name), read(&second, name), "{name}: the same input gives the same bytes");
    }
    let installer = String::from_utf8(read(&out, "install.sh")).unwrap();
    assert!(installer.contains(key), "the installer carries the key");
    let bom: serde_json::Value = serde_json::from_slice(&read(&out, "manara-1.2.3.cdx.json")).unwrap();
    let names: Vec<_> = bom["components"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"rustls") && names.contains(&"svelte"), "crates and npm packages: {names:?}");
    assert!(!names.contains(&"tempfile"), "tests are not shipped");
}

#[test]
fn the_installer_is_plain_shell() {
    let script = repository().join("scripts/install.sh");
    for shell in [&["dash"][..], &["busybox", "sh"]] {
        if has(shell[0]) {
            run(Command::new(shell[0]).args(&shell[1..]).arg("-n").arg(&script));
        }
    }
    if has("shellcheck") {
        run(Command::new("shellcheck").arg(&script));
    }
}

/// The installer up to where it begins to act, then `act` instead, in each of the small shells, with no terminal to ask
/// at. Its folder is `folder/work`.
fn each_shell(folder: &Path, path: &str, words: &[&str], act: &str, check: impl Fn(bool, &str)) {
    if !["setsid", "timeout"].into_iter().all(has) {
        return;
    }
    let text = std::fs::read_to_string(repository().join("scripts/install.sh")).unwrap();
    let (text, _) = text.split_once("\ncase $action in\n").expect("the last lines act");
    let own = "WORK=/opt/.manara-install\n";
    assert!(text.contains(own));
    let text = text.replace(own, &format!("WORK='{}'\n", folder.join("work").display()));
    let script = folder.join("script");
    std::fs::write(&script, format!("{text}\n{act}\n")).unwrap();
    for shell in [&["/usr/bin/dash"][..], &["/usr/bin/busybox", "sh"]] {
        if has(shell[0].trim_start_matches("/usr/bin/")) {
            let mut command = Command::new("/usr/bin/setsid");
            command.env_clear().env("PATH", path).env("MANARA_RELEASE_KEY", "key");
            command.args(["--wait", "/usr/bin/timeout", "120"]).args(shell).arg(&script).args(words);
            let done = command.output().unwrap();
            let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
            check(done.status.success(), &format!("{shell:?}: {said}"));
        }
    }
}

const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

#[test]
fn the_installer_fetches_no_more_than_it_allows() {
    if !has("curl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list"), [b'x'; 65536]).unwrap();
    let releases = Releases::serve(folder.path(), false);
    let to = folder.path().join("fetched");
    let act = format!("protocols='=http'\ndownload {}/list '{}' $LIST_BYTES", releases.url, to.display());
    each_shell(folder.path(), PATH, &[], &act, |is_good, said| {
        assert!(is_good && to.metadata().unwrap().len() == 65536, "{said}");
    });
    for odd in [Odd::Endless("list"), Odd::Half("list")] {
        releases.behaves(Some(odd));
        each_shell(folder.path(), PATH, &[], &act, |is_good, said| {
            assert!(!is_good && said.contains("could not be downloaded"), "{said}");
            assert!(to.metadata().unwrap().len() <= 65536 + 512, "{said}");
        });
    }
}

#[test]
fn an_installer_leaves_the_folder_to_one_that_has_just_begun() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    let taken = "take_work; [ \"$(cat $WORK/pid)\" = $$ ]";
    let refused = |why: &'static str| {
        each_shell(folder.path(), PATH, &[], taken, |is_good, said| assert!(!is_good && said.contains(why), "{said}"));
        assert!(work.is_dir(), "{why}: the other one's folder");
    };
    std::fs::create_dir(&work).unwrap();
    refused("has just begun");
    std::fs::write(work.join("pid"), "").unwrap();
    refused("has just begun");
    std::fs::write(work.join("pid"), std::process::id().to_string()).unwrap();
    refused("is at work (process ");
    let begins = [
        "rm -rf $WORK",
        "mkdir -p $WORK; touch -d '2000-01-01 00:00' $WORK",
        // No process can have this number (PID_MAX_LIMIT).
        "mkdir -p $WORK; echo 4194305 >$WORK/pid",
    ];
    for before in begins {
        let act = format!("{before}; {taken}");
        each_shell(folder.path(), PATH, &[], &act, |is_good, said| assert!(is_good, "{before}: {said}"));
        assert!(!work.exists(), "it is gone at the end");
    }
}

#[test]
fn the_installer_asks_before_it_installs_what_checks_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let (tools, installed) = (folder.path().join("tools"), folder.path().join("installed"));
    std::fs::create_dir(&tools).unwrap();
    std::fs::write(tools.join("apt-get"), format!("#!/bin/sh\necho \"$*\" >>'{}'\n", installed.display())).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tools.join("apt-get"), executable).unwrap();
    let path = tools.to_str().unwrap();
    for (lang, why) in [("en", "Nobody is there to be asked"), ("ar", "لا أحد هنا ليُسأل")] {
        each_shell(folder.path(), path, &["--lang", lang], "verify_list", |is_good, said| {
            assert!(!is_good && said.contains(why) && said.contains("minisign"), "{said}");
            assert!(!installed.exists(), "unasked: {said}");
        });
    }
    each_shell(folder.path(), path, &["--yes"], "verify_list", |_, said| {
        assert!(said.contains("cannot be checked"), "{said}");
        assert!(std::fs::read_to_string(&installed).unwrap().contains("install -y"), "{said}");
    });
}

#[test]
fn a_machine_that_does_not_fit_is_refused_by_the_installer_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let stopped = "systemctl() { return 3; }";
    let room = "df() { echo Head; echo 'disk 9 9 999999'; }";
    let cases = [
        ("uname() { echo riscv64; }; architecture".to_owned(), "no release for this kind of machine (riscv64)"),
        ("uname() { echo 5.9.16-arm; }; check_system".to_owned(), "5.10 or newer is needed"),
        ("df() { echo Head; echo 'disk 9 9 10'; }; check_room".to_owned(), "/opt has 10 MiB free"),
        (format!("{room}; MEMORY_MIB=999999999; check_room"), "999999999 MiB are needed"),
        (format!("{stopped}; port={port}; check_ports"), "is taken. Choose another one with --port"),
        (
            format!("{stopped}; nginx_runs() {{ return 1; }}; listening() {{ [ $1 = 443 ]; }}; check_ports"),
            "Port 443 is used by a program that is not nginx",
        ),
        (
            "have() { true; }; nginx() { echo nginx version: nginx/1.14.2 >&2; }; check_nginx".to_owned(),
            "nginx is 1.14.2",
        ),
    ];
    for (act, why) in cases {
        each_shell(folder.path(), PATH, &[], &act, |is_good, said| {
            assert!(!is_good && said.contains(why), "{act}: {said}");
        });
    }
    for act in [
        "have() { true; }; nginx() { echo nginx version: nginx/1.18.0 >&2; }; check_nginx".to_owned(),
        format!("{room}; check_room"),
        format!("{stopped}; nginx_runs() {{ true; }}; listening() {{ [ $1 != 9443 ]; }}; check_ports"),
        "at_least 5.10.0-28-amd64 5.10 && at_least 6.1 5.10 && ! at_least 1.9 1.18".to_owned(),
    ] {
        each_shell(folder.path(), PATH, &[], &act, |is_good, said| assert!(is_good, "{act}: {said}"));
    }
}
