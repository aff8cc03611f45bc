//! Following a unit from its file and its state. That systemd does what is said here of it, a guest shows (`tests/vps`).

use super::*;
use std::cell::Cell;
use std::io::Write;

fn folder() -> (tempfile::TempDir, RootDir) {
    let place = tempfile::tempdir().unwrap();
    let folder = RootDir::open_or_make(place.path()).unwrap();
    (place, folder)
}

#[test]
fn what_is_run_stands_behind_the_options_and_where_no_systemd_runs_it_is_a_child() {
    let path = Path::new("/usr/bin/dpkg");
    let log = Path::new("/var/lib/manara-host/jobs/a.log");
    let all = arguments(&Job::unit("a"), log, path, "dpkg --audit --user", &["--audit", "--user"]);
    let at = all.iter().position(|arg| arg == "--").unwrap();
    assert_eq!(all[at..], ["--", "/usr/bin/dpkg", "--audit", "--user"]);
    assert!(all[..at].contains(&"--unit=manara-job-a.service".to_owned()));
    // Nothing of the host's goes with it: a pipe would break when the host ends.
    assert!(!all.iter().any(|arg| ["--pipe", "--wait"].contains(&arg.as_str())), "{all:?}");
    let (_place, folder) = folder();
    let mut heard = 0;
    let limit = Duration::from_secs(30);
    let mut job = Job::new(&folder, "a");
    assert_eq!(job.begin().unwrap(), None);
    let output = job
        .run(Program::Dpkg, &["--version"], limit, &mut |_| {
            heard += 1;
            true
        })
        .unwrap();
    assert!(output.ok && heard > 0 && output.text.contains("dpkg"), "{}", output.text);
}

#[test]
fn a_unit_is_told_by_its_states() {
    let show = |load: &str, active: &str, sub: &str, code: &str, status: &str| {
        read(&format!(
            "ExecMainCode={code}\nExecMainStatus={status}\nDescription=apt-get a=b\nLoadState={load}\nActiveState={active}\n\
             SubState={sub}\n"
        ))
    };
    let command = || "apt-get a=b".to_owned();
    assert_eq!(show("loaded", "active", "running", "0", "0"), Unit::Runs(command()));
    assert_eq!(show("loaded", "deactivating", "stop-sigterm", "0", "0"), Unit::Runs(command()));
    assert_eq!(show("loaded", "active", "exited", "1", "0"), Unit::Ended(command(), Some(0)));
    assert_eq!(show("loaded", "failed", "failed", "1", "100"), Unit::Ended(command(), Some(100)));
    assert_eq!(show("loaded", "failed", "failed", "2", "9"), Unit::Ended(command(), None));
    assert_eq!(show("not-found", "inactive", "dead", "0", "0"), Unit::Gone);
    assert_eq!(read(""), Unit::Gone);
}

#[test]
fn a_new_request_goes_on_with_what_runs_or_went_well_and_repeats_what_failed() {
    let apt = || "apt-get update".to_owned();
    assert_eq!(Unit::Runs(apt()).going_on(|| true), Some("apt-get update"));
    assert_eq!(Unit::Ended(apt(), Some(0)).going_on(|| false), Some("apt-get update"));
    assert_eq!(Unit::Ended(apt(), Some(0)).going_on(|| true), None);
    for failed in [Some(100), None] {
        assert_eq!(Unit::Ended(apt(), failed).going_on(|| false), None, "{failed:?}");
    }
    assert_eq!(Unit::Gone.going_on(|| false), None);
}

#[test]
fn one_that_comes_later_tells_the_whole_output_and_the_end() {
    let (place, folder) = folder();
    let log = place.path().join("a.log");
    let mut file = File::options().create(true).append(true).open(&log).unwrap();
    file.write_all(b"before\nhalf").unwrap();
    let output = || Job::new(&folder, "a").output;
    let looks = Cell::new(0);
    let grows = || {
        looks.set(looks.get() + 1);
        if looks.get() == 2 {
            (&file).write_all(b" a line\r\nthe last one \xff").unwrap();
            return Ok(Unit::Ended("x".into(), Some(100)));
        }
        Ok(Unit::Runs("x".into()))
    };
    let mut heard = vec![];
    let mut hear = |line: &str| {
        heard.push(line.to_owned());
        true
    };
    let ended = follow(&mut output(), 0, grows, Duration::from_secs(30), &mut hear).unwrap();
    assert_eq!((ended.ok, ended.code), (false, Some(100)));
    let expected = ["before", "half a line", "the last one \u{fffd}"];
    assert_eq!(heard, expected);
    assert_eq!(ended.text.lines().collect::<Vec<_>>(), expected);

    // A host that begins where the former one ended hears the same; what was stopped or forgotten is no success.
    let gone = follow(&mut output(), 0, || Ok(Unit::Gone), Duration::from_secs(30), &mut |_| true).unwrap();
    assert_eq!((gone.ok, gone.code, gone.text), (false, None, ended.text));
    let runs = || Ok(Unit::Runs("apt-get update".into()));
    let stopped = follow(&mut output(), 0, runs, Duration::from_secs(30), &mut |_| false).unwrap_err();
    assert_eq!((stopped.code(), stopped.param("program")), ("program_stopped", Some("apt-get update")));
    let late = follow(&mut output(), 0, runs, Duration::ZERO, &mut |_| true).unwrap_err();
    assert_eq!(late.code(), "program_timed_out");
}

#[test]
fn a_line_without_an_end_does_not_stop_the_rest() {
    let (place, folder) = folder();
    let mut output = Job::new(&folder, "a").output;
    let mut lines = |more_comes: bool| -> Vec<String> {
        output.lines(more_comes).unwrap().into_iter().map(|(_, line)| line).collect()
    };
    assert!(lines(true).is_empty(), "before the unit has begun");
    let long = "x".repeat(usize::try_from(READ_BYTES_MAX).unwrap() + 5);
    std::fs::write(place.path().join("a.log"), format!("{long}\nnext\nopen")).unwrap();
    let found = lines(true);
    assert_eq!(found.iter().map(String::len).collect::<Vec<_>>(), [long.len() - 5, 5, 4]);
    assert!(lines(true).is_empty());
    assert_eq!(lines(false), ["open"]);
}

#[test]
fn an_end_of_long_ago_is_no_answer() {
    let (place, _folder) = folder();
    let log = place.path().join("a.log");
    assert!(is_old(&log), "there is no output to tell");
    let file = File::create(&log).unwrap();
    assert!(!is_old(&log));
    let now = std::time::SystemTime::now();
    for (at, old) in
        [(now - HEARD_OF_WITHIN / 2, false), (now - HEARD_OF_WITHIN * 2, true), (now + HEARD_OF_WITHIN, false)]
    {
        file.set_modified(at).unwrap();
        assert_eq!(is_old(&log), old, "{at:?}");
    }
}

#[test]
fn one_that_comes_later_judges_the_present_command_by_its_own_lines() {
    let (place, folder) = folder();
    let former = "E: Could not get lock /var/lib/apt/lists/lock.\n";
    folder.write("a.at", former.len().to_string().as_bytes(), 0o600).unwrap();
    let log = place.path().join("a.log");
    std::fs::write(&log, format!("{former}Reading\nE: Unable to locate package nginx\n")).unwrap();
    let mut job = Job::new(&folder, "a");
    let mut heard = 0;
    let mut hear = |_: &str| {
        heard += 1;
        true
    };
    let ended = || Ok(Unit::Ended("x".into(), Some(100)));
    let began = job.began().unwrap();
    let output = follow(&mut job.output, began, ended, Duration::from_secs(30), &mut hear).unwrap();
    assert_eq!((heard, output.text.as_str()), (3, "Reading\nE: Unable to locate package nginx\n"));

    // Of much output the end is kept: why something failed stands there.
    let much = "x".repeat(99) + "\n";
    std::fs::write(&log, much.repeat(1000) + "the reason\n").unwrap();
    let mut job = Job::new(&folder, "a");
    let text = follow(&mut job.output, 0, ended, Duration::from_secs(30), &mut |_| true).unwrap().text;
    assert!(text.len() <= EVIDENCE_BYTES_MAX && text.len() > EVIDENCE_BYTES_MAX - 200, "{}", text.len());
    assert!(text.starts_with(&much) && text.ends_with("x\nthe reason\n"));
    let mut long = "ب".repeat(EVIDENCE_BYTES_MAX) + "\n";
    keep_end(&mut long);
    assert!(long.len() <= EVIDENCE_BYTES_MAX && long.len() > EVIDENCE_BYTES_MAX - 4);
}
