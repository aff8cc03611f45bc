//! The policy: what it says by default, what it refuses to read, what it refuses to allow.

use super::*;
use std::os::unix::fs::PermissionsExt;

fn problems(text: &str) -> Vec<String> {
    let error = Policy::parse(text, Path::new("/p")).unwrap_err();
    assert_eq!(error.code(), "policy_invalid");
    error.fields().iter().map(|problem| format!("{}:{}", problem.field, problem.code)).collect()
}

#[test]
fn the_defaults_are_what_is_written_and_read() {
    let text = Policy::default().text().unwrap();
    assert_eq!(Policy::parse(&text, Path::new("/p")).unwrap(), Policy::default());
    assert_eq!(Policy::parse("", Path::new("/p")).unwrap(), Policy::default());
    assert_eq!(problems("nonsense").len(), 1);
}

#[test]
fn the_file_says_what_each_key_is_for() {
    let text = Policy::default().text().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for key in LISTS.iter().map(|list| list.key).chain([FLAG]) {
        let at =
            lines.iter().position(|line| line.starts_with(&format!("{key} = "))).unwrap_or_else(|| panic!("{key}"));
        assert!(lines[at - 1].starts_with("# "), "{key}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let found = problems(
        "site_roots = [\"srv\", \"/srv/../etc\", \"/srv//x\", \"/srv/www/\", \"/\", \"/data\"]\n\
         unit_names = [\"../x.service\", \"nginx\", \"-x.service\", \"a b.service\", 7]\n\
         programs = [\"sh\"]\npackages = [\"-o\", \"a/b\", \"nginx\"]\nterminal_users = [\"root\", \"Ali\", \"ali\"]\n\
         root_terminal = \"yes\"\nbackup_roots = \"/data\"\nrestore_root = []\n",
    );
    let expected = [
        "site_roots[0]:policy_path",
        "site_roots[1]:policy_path",
        "site_roots[2]:policy_path",
        "site_roots[3]:policy_path",
        "site_roots[4]:policy_path",
        "unit_names[0]:policy_unit",
        "unit_names[1]:policy_unit",
        "unit_names[2]:policy_unit",
        "unit_names[3]:policy_unit",
        "unit_names[4]:policy_text",
        "programs[0]:policy_program",
        "packages[0]:policy_package",
        "packages[1]:policy_package",
        "terminal_users[0]:policy_user",
        "terminal_users[1]:policy_user",
        "root_terminal:policy_flag",
        "backup_roots:policy_list",
        "restore_root:policy_key",
    ];
    let (found, expected): (std::collections::BTreeSet<_>, _) =
        (found.into_iter().collect(), expected.into_iter().map(str::to_owned).collect());
    assert_eq!(found, expected);
}

#[test]
fn some_places_are_never_opened() {
    let places = [
        "/etc",
        "/etc/nginx",
        "/root",
        "/usr/local",
        "/var/lib/manara",
        "/var/lib",
        "/var",
        "/var/lib/manara-host/journal",
    ];
    for place in places {
        for key in ["site_roots", "backup_roots", "restore_roots"] {
            let error = Policy::default().allow(key, place).unwrap_err();
            assert_eq!(error.fields()[0].code, "policy_never", "{key} {place}");
        }
    }
    for place in ["/srv", "/home", "/data/www", "/var/www", "/var/lib/manara2", "/etcetera"] {
        Policy::default().allow("restore_roots", place).unwrap();
    }
}

#[test]
fn a_file_that_others_may_write_is_not_believed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(FILE);
    assert_eq!(Policy::load(root.path()).unwrap(), Policy::default(), "without a file");
    let mut policy = Policy::default();
    policy.allow("packages", "valkey").unwrap();
    policy.allow("packages", "valkey").unwrap();
    policy.allow("root_terminal", "true").unwrap();
    policy.save(root.path()).unwrap();
    assert_eq!(Policy::load(root.path()).unwrap(), policy);
    assert_eq!(policy.packages, ["nginx", "valkey"]);
    let set = |path: &Path, mode: u32| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    for mode in [0o666, 0o664, 0o646] {
        set(&path, mode);
        assert_eq!(Policy::load(root.path()).unwrap_err().code(), "policy_exposed", "{mode:o}");
    }
    set(&path, 0o644);
    set(path.parent().unwrap(), 0o777);
    assert_eq!(Policy::load(root.path()).unwrap_err().code(), "policy_exposed");
    set(path.parent().unwrap(), 0o755);
    // A link may lead to a file that somebody else writes.
    std::fs::rename(&path, root.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(root.path().join("elsewhere"), &path).unwrap();
    assert!(Policy::load(root.path()).is_err());
    if files::is_root() {
        std::fs::remove_file(&path).unwrap();
        policy.save(root.path()).unwrap();
        std::os::unix::fs::chown(&path, Some(64_242), None).unwrap();
        assert_eq!(Policy::load(root.path()).unwrap_err().code(), "policy_exposed");
    }
}

#[test]
fn what_is_not_listed_is_refused() {
    let policy = Policy::default();
    policy.package("nginx").unwrap();
    policy.program(Program::Nginx).unwrap();
    policy.site_folder("/srv/www").unwrap();
    policy.site_folder("/srv/www/a.test").unwrap();
    policy.unit("nginx.service").unwrap();
    policy.unit("manara-job-j0123456789.service").unwrap();
    let refused = [
        policy.package("openssh-server"),
        policy.site_folder("/srv/www-other"),
        policy.site_folder("/srv"),
        policy.unit("ssh.service"),
        policy.unit("manara.service"),
        policy.unit("manara-job-*.service"),
        policy.unit("manara-job-/../ssh.service"),
        policy.unit("nginx.service\n"),
    ];
    for outcome in refused {
        assert_eq!(outcome.unwrap_err().code(), "policy_refuses");
    }
}
