//! The real program, as people and scripts call it.

use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manara"));
    command.args(args).env_clear();
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().expect("the program starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

/// A root prefix with this configuration file.
fn root(config: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("etc/manara")).unwrap();
    std::fs::write(root.path().join("etc/manara/manara.toml"), config).unwrap();
    root
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_version_is_told() {
    for flag in ["--version", "-V"] {
        let output = run(&[flag]);
        assert_eq!(code(&output), 0);
        assert!(out(&output).starts_with(concat!("manara ", env!("CARGO_PKG_VERSION"))), "{}", out(&output));
    }
    assert_eq!(out(&run(&["--json", "--version"])), out(&run(&["--version"])));
}

#[test]
fn help_lists_every_command_in_the_language_asked_for() {
    let english = run(&["--help"]);
    assert_eq!((code(&english), err(&english)), (0, String::new()));
    for word in ["site", "job", "serve", "doctor", "migrate", "Usage:", "--root <DIR>"] {
        assert!(out(&english).contains(word), "{word}: {}", out(&english));
    }
    let arabic = command(&["help", "site", "create"]).env("LANG", "ar_EG.UTF-8").output().unwrap();
    assert_eq!(code(&arabic), 0);
    assert!(out(&arabic).contains("الاستخدام: manara site create --domain <DOMAIN>"), "{}", out(&arabic));
    assert!(out(&run(&["--lang", "ar", "site", "--help"])).contains("الأوامر:"));
    let alone = run(&[]);
    assert_eq!(code(&alone), 2);
    assert!(err(&alone).contains("Usage:"));
}

#[test]
fn slips_of_the_keyboard_get_a_suggestion() {
    let output = run(&["sites", "list"]);
    assert_eq!((code(&output), out(&output)), (2, String::new()));
    assert!(err(&output).contains("Did you mean “site”?"), "{}", err(&output));
    let output = run(&["--json", "site", "lsit"]);
    let problem: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((code(&output), err(&output)), (2, String::new()), "with --json the problem is all there is");
    assert_eq!(problem["code"], "cli_unknown_command_near");
    assert_eq!(problem["status"], 422);
    assert_eq!(problem["params"]["suggestion"], "list");
}

#[test]
fn a_panel_that_does_not_run_is_named() {
    let root = root("");
    let output = run(&["--root", text(root.path()), "site", "list"]);
    assert_eq!(code(&output), 5);
    assert!(err(&output).contains("run/manara/api.sock"), "{}", err(&output));
    assert!(err(&output).contains("manara serve"), "what to do: {}", err(&output));
    let output = run(&["--root", text(root.path()), "site", "list", "--json", "--lang=ar"]);
    let problem: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((code(&output), problem["code"].as_str()), (5, Some("panel_not_running")));
    assert!(problem["detail"].as_str().unwrap().starts_with("لوحة التحكم لا تعمل"));
}

#[test]
fn losing_something_needs_a_yes() {
    let root = root("");
    for more in [&[][..], &["--json"]] {
        let mut args = vec!["--root", text(root.path()), "site", "delete", "a.test"];
        args.extend(more);
        let output = command(&args).stdin(Stdio::null()).output().unwrap();
        assert_eq!(code(&output), 2, "{}{}", out(&output), err(&output));
        assert!(format!("{}{}", out(&output), err(&output)).contains("--yes"));
    }
}

#[test]
fn config_check_tells_every_problem() {
    let root = root("profil = \"development\"\n[nginx]\nhttp_port = 99999\nhttps_port = \"x\"\n");
    let output =
        command(&["config", "check"]).env("MANARA_ROOT", root.path()).env("MANARA_DEBGU", "1").output().unwrap();
    assert_eq!((code(&output), out(&output)), (2, String::new()));
    let told = err(&output);
    for part in [
        "manara.toml:1: There is no option “profil”. Did you mean “profile”?",
        "manara.toml:3: “nginx.http_port” is 99999, but must be from 1 to 65535.",
        "manara.toml:4: ",
        "MANARA_DEBGU: There is no option for the variable MANARA_DEBGU. Did you mean MANARA_DEBUG?",
    ] {
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    let output = run(&["config", "check", "--json", "--root", text(root.path())]);
    let problem: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(3), "{problem}");
}

#[test]
fn config_show_tells_where_values_come_from() {
    let root = root("[nginx]\nhttp_port = 8123\n");
    let args = ["config", "show", "--json", "--root", text(root.path()), "--config", "log.level=debug"];
    let output = command(&args).env("MANARA_NGINX_HTTPS_PORT", "8124").output().unwrap();
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    let source = |key: &str| {
        let options = report["options"].as_array().unwrap();
        options.iter().find(|o| o["key"] == key).unwrap()["source"]["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        ["nginx.http_port", "nginx.https_port", "log.level", "data_dir"].map(source),
        ["file", "env", "flag", "default"]
    );
}

#[test]
fn migrations_go_up_and_down_without_the_panel() {
    let root = root("");
    let migrate = |args: &[&str]| {
        let mut all = vec!["--root", text(root.path()), "--json", "migrate"];
        all.extend(args);
        let output = run(&all);
        (
            code(&output),
            serde_json::from_str::<Value>(&out(&output)).unwrap_or_else(|e| panic!("{e}: {}", out(&output))),
        )
    };
    assert_eq!(migrate(&["status"]).1["code"], "store_missing");
    let (status, report) = migrate(&["up"]);
    assert_eq!((status, &report["from"]), (0, &Value::from(0)));
    let latest = report["to"].as_u64().unwrap();
    assert!(latest >= 1);
    let state = || {
        let files = std::fs::read_dir(root.path().join("var/lib/manara")).unwrap();
        files.map(|file| file.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = state();
    assert_eq!(migrate(&["status"]).1["pending"], 0);
    assert_eq!(migrate(&["check"]), (0, migrate(&["check"]).1));
    assert_eq!(migrate(&["check"]).1["ok"], true);
    assert_eq!(state(), before, "whoever looks, perhaps as root, leaves nothing");
    assert_eq!(migrate(&["down", "0"]).0, 2, "it loses data: without --yes nothing happens");
    let would = migrate(&["down", "--to", "0", "--dry-run"]);
    assert_eq!(would.1["would_run"].as_array().map(Vec::len), usize::try_from(latest).ok());
    assert_eq!(migrate(&["status"]).1["current"], latest, "a dry run changes nothing");
    assert_eq!(migrate(&["down", "0", "--yes"]).1["to"], 0);
}

#[test]
fn a_state_folder_in_use_is_left_alone() {
    let root = root("");
    let migrate = ["--root", text(root.path()), "migrate", "up", "--json"];
    assert_eq!(code(&run(&migrate)), 0);
    let _panel = manara::store::StateLock::take(&root.path().join("var/lib/manara")).unwrap();
    let output = run(&migrate);
    let problem: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((code(&output), problem["code"].as_str()), (4, Some("state_in_use")));
}

#[test]
fn the_self_test_passes() {
    let output = run(&["self-test", "--json"]);
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((code(&output), &report["ok"]), (0, &Value::from(true)), "{report}");
    assert!(report["checks"].as_array().unwrap().len() >= 7);
}

#[test]
fn doctor_answers_in_both_forms() {
    let root = root("");
    let output = run(&["--root", text(root.path()), "doctor", "--json"]);
    let diagnosis: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(code(&output), i32::from(diagnosis["broken"] == true));
    assert!(diagnosis["machine"]["kernel"].is_string());
    let worded = run(&["--root", text(root.path()), "doctor", "--lang", "ar"]);
    assert_eq!(out(&worded).trim().is_empty(), diagnosis["findings"].as_array().unwrap().is_empty());
}

#[test]
fn documents_are_printed() {
    let api: Value = serde_json::from_str(&out(&run(&["openapi"]))).unwrap();
    assert_eq!(api["openapi"], "3.1.0");
    assert!(out(&run(&["man"])).contains(".TH manara"));
    assert!(out(&run(&["man", "site", "create"])).contains("upstream"));
    assert_eq!(code(&run(&["man", "nothing"])), 2);
    assert!(out(&run(&["reference", "config"])).contains("MANARA_NGINX_HTTP_PORT"));
}

#[test]
fn completions_are_scripts() {
    let script = out(&run(&["completions", "bash"]));
    assert!(script.contains("manara") && script.contains("upstream"));
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().expect("bash is there");
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success(), "bash reads the script");
    for shell in ["zsh", "fish"] {
        assert!(out(&run(&["completions", shell])).contains("upstream"), "{shell}");
    }
    assert_eq!(code(&run(&["completions", "csh"])), 2);
}

#[test]
fn secrets_are_no_arguments() {
    let root = root("");
    let output = run(&["--root", text(root.path()), "claim", "--user", "admin", "--password", "x"]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    assert!(err(&output).contains("--password-stdin"), "{}", err(&output));
}

#[test]
fn the_policy_is_shown_checked_and_widened_on_the_console() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path().display().to_string();
    let policy = |args: &[&str]| {
        let output = run(&[&["--root", &at, "host", "policy"], args].concat());
        (code(&output), out(&output), err(&output))
    };
    let (status, shown, _) = policy(&["show"]);
    assert!(
        status == 0 && shown.contains("packages = [\"nginx\"]") && shown.contains("root_terminal = false"),
        "{shown}"
    );
    assert_eq!(policy(&["allow", "packages", "valkey"]).0, 0);
    assert!(policy(&["show"]).1.contains("\"valkey\""));
    assert_eq!(policy(&["check"]).0, 0);
    for wrong in [["packages", "a b"], ["shell", "true"], ["restore_roots", "/etc"], ["root_terminal", "perhaps"]] {
        let (status, _, said) = policy(&["allow", wrong[0], wrong[1]]);
        assert!(status == 2 && !said.is_empty(), "{wrong:?}: {said}");
    }
    std::fs::write(root.path().join("etc/manara/host-policy.toml"), "packages = 7\nshell = true\n").unwrap();
    let (status, _, said) = policy(&["check"]);
    assert!(status == 2 && said.contains("packages") && said.contains("shell"), "{said}");
}
