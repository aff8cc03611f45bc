//! Rotation of the logs that nginx writes: by size and by age, as administrators know it from logrotate: `x.log.1` as it
//! was, `x.log.2.gz` and older ones compressed, the oldest one dropped.
//!
//! No line is lost: renaming a file takes nothing from the processes that have it open, and each of them writes what it
//! holds back before it opens the new one. Some do so late, so the newest rotated file is compressed one rotation later.
//!
//! A log that logrotate(8) rotates on this machine is left to it: two that rename the same files would meet.

use super::super::files::{self, RootDir};
use super::super::policy::matches;
use crate::base::Result;
use crate::base::clock::Time;
use crate::base::limits::{LOG_BYTES_MAX, LOG_FILES_MAX, LOG_S_MAX};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The logs, below their folder.
const LOGS: [&str; 2] = ["manara.log", "error.log"];

/// When a log is rotated, and how many rotated files stay.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Limits {
    /// Larger than this.
    pub bytes: u64,
    /// Begun longer ago than this, in seconds.
    pub age_s: i64,
    /// Rotated files of one log, at least 2.
    pub files: u32,
}

impl Limits {
    /// Those of the product.
    pub(in super::super) const USUAL: Limits = Limits { bytes: LOG_BYTES_MAX, age_s: LOG_S_MAX, files: LOG_FILES_MAX };
}

/// Longest time since logrotate last ran after which it still counts as running here: it does so every day.
const LOGROTATE_S_MAX: i64 = 48 * 3600;
/// What logrotate writes whenever it has run, in Debian and elsewhere.
const LOGROTATE_STATES: [&str; 2] = ["var/lib/logrotate/status", "var/lib/logrotate.status"];
/// Largest file of its rules that is read.
const RULES_BYTES_MAX: usize = 64 * 1024;

/// Whether logrotate runs on the machine below `root` and has a rule for `log`. A rule alone says nothing: nginx's package
/// brings one also where nobody reads it.
pub(in super::super) fn left_to_logrotate(root: &Path, log: &str, now: Time) -> bool {
    let ran = LOGROTATE_STATES.iter().filter_map(|file| std::fs::metadata(root.join(file)).ok()?.modified().ok());
    let mut since_1970 = ran.filter_map(|ran| i64::try_from(ran.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok());
    let runs = since_1970.any(|ran| now.since_s(Time(ran)) < LOGROTATE_S_MAX);
    runs && rules(root).iter().any(|text| names(text, &format!("/var/log/nginx/{log}")))
}

/// The texts of logrotate's configuration; what cannot be read has no rule.
fn rules(root: &Path) -> Vec<String> {
    let folder = std::fs::read_dir(root.join("etc/logrotate.d")).into_iter().flatten();
    let files = folder.filter_map(|file| Some(file.ok()?.path())).chain([root.join("etc/logrotate.conf")]);
    files.filter_map(|file| files::read_own(&file, RULES_BYTES_MAX).ok().flatten()).collect()
}

/// Whether a rule begins with a pattern for `path` (logrotate(8)); `*` stands for any text within a name.
fn names(rules: &str, path: &str) -> bool {
    let slashes = |path: &str| path.matches('/').count();
    let lines = rules.lines().map(str::trim).filter(|line| line.starts_with(['/', '"']));
    let patterns = lines.flat_map(|line| line.split(['{', '"', ' ', '\t']));
    patterns
        .filter(|pattern| pattern.starts_with('/'))
        .any(|pattern| slashes(pattern) == slashes(path) && matches(pattern, path))
}

/// The logs whose turn has come. An empty one is left alone, and so is the age of one on a file system that keeps no
/// time of birth.
pub(in super::super) fn due(logs: &RootDir, limits: Limits, now: Time) -> Result<Vec<&'static str>> {
    let mut due = Vec::new();
    for log in LOGS {
        let Some(stat) = logs.stat(log)?.filter(|stat| stat.size > 0) else { continue };
        let old = logs.born(log)?.is_some_and(|born| born.plus_s(limits.age_s) <= now);
        if stat.size > limits.bytes || old {
            due.push(log);
        }
    }
    Ok(due)
}

/// Whether a log was renamed and nginx never told, because somebody pulled the plug in between.
pub(in super::super) fn interrupted(logs: &RootDir) -> Result<bool> {
    for log in LOGS {
        if logs.stat(log)?.is_none() && logs.stat(&plain(log))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Compresses what the rotation before left plain. nginx is not concerned; this may take its time.
pub(in super::super) fn compress(logs: &RootDir, log: &str) -> Result<()> {
    logs.compress(&plain(log), &packed(log, 1))?;
    if logs.stat(&packed(log, 1))?.is_some() { logs.remove(&plain(log)) } else { Ok(()) }
}

/// Makes room and renames the log. nginx writes into the renamed file until it opens its logs anew.
pub(in super::super) fn shift(logs: &RootDir, log: &str, limits: Limits) -> Result<()> {
    logs.remove(&packed(log, limits.files))?;
    for n in (1..limits.files).rev() {
        if logs.stat(&packed(log, n))?.is_some() {
            logs.rename(&packed(log, n), &packed(log, n + 1))?;
        }
    }
    logs.rename(log, &plain(log))
}

fn plain(log: &str) -> String {
    format!("{log}.1")
}

/// `n` is 1 only between [`compress`] and [`shift`].
fn packed(log: &str, n: u32) -> String {
    format!("{log}.{n}.gz")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    const FEW: Limits = Limits { bytes: 100, age_s: 3600, files: 3 };

    fn folder() -> (tempfile::TempDir, RootDir) {
        let dir = tempfile::tempdir().unwrap();
        let logs = RootDir::open_or_make(dir.path()).unwrap();
        (dir, logs)
    }

    fn write(logs: &RootDir, text: &str) {
        logs.write("manara.log", text.as_bytes(), 0o640).unwrap();
    }

    fn unpacked(logs: &RootDir, name: &str) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(logs.path(name)).unwrap()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_log_is_due_by_size_or_by_age_and_never_when_empty() {
        let (_dir, logs) = folder();
        logs.write("other.log", b"", 0o640).unwrap();
        let now = logs.born("other.log").unwrap().expect("this file system keeps the time of birth");
        let due_at = |s: i64| due(&logs, FEW, now.plus_s(s)).unwrap();
        assert!(due_at(0).is_empty(), "no log yet");
        write(&logs, "");
        assert!(due_at(7200).is_empty(), "nothing in it");
        write(&logs, "a line\n");
        assert!(due_at(10).is_empty());
        assert_eq!(due_at(7200), ["manara.log"]);
        write(&logs, &"x".repeat(101));
        assert_eq!(due_at(10), ["manara.log"]);
    }

    #[test]
    fn rotated_files_move_up_are_compressed_and_end() {
        let (_dir, logs) = folder();
        for n in 1..=5 {
            write(&logs, &format!("line {n}\n"));
            compress(&logs, "manara.log").unwrap();
            shift(&logs, "manara.log", FEW).unwrap();
            assert!(interrupted(&logs).unwrap(), "nginx has to be told");
        }
        assert_eq!(logs.list("").unwrap(), ["manara.log.1", "manara.log.2.gz", "manara.log.3.gz"]);
        assert_eq!(std::fs::read_to_string(logs.path("manara.log.1")).unwrap(), "line 5\n");
        assert_eq!(unpacked(&logs, "manara.log.2.gz"), "line 4\n");
        assert_eq!(unpacked(&logs, "manara.log.3.gz"), "line 3\n");
        assert_eq!(logs.stat("manara.log.3.gz").unwrap().unwrap().mode, 0o640, "nobody may read more than before");
        write(&logs, "x");
        assert!(!interrupted(&logs).unwrap());
    }

    #[test]
    fn a_rotation_that_broke_off_is_gone_on_with() {
        let (_dir, logs) = folder();
        write(&logs, "one\n");
        shift(&logs, "manara.log", FEW).unwrap();
        write(&logs, "two\n");
        // Compressed and not renamed: the next one finds nothing plain left, and loses nothing.
        compress(&logs, "manara.log").unwrap();
        compress(&logs, "manara.log").unwrap();
        shift(&logs, "manara.log", FEW).unwrap();
        assert_eq!(unpacked(&logs, "manara.log.2.gz"), "one\n");
        assert_eq!(std::fs::read_to_string(logs.path("manara.log.1")).unwrap(), "two\n");
    }

    #[test]
    fn a_link_in_place_of_a_log_is_not_followed() {
        let (dir, logs) = folder();
        let secret = dir.path().join("secret");
        std::fs::File::create(&secret).unwrap().write_all(b"s").unwrap();
        std::os::unix::fs::symlink(&secret, dir.path().join("manara.log.1")).unwrap();
        assert!(compress(&logs, "manara.log").is_err());
        assert_eq!(logs.list("").unwrap(), ["manara.log.1", "secret"]);
    }
}
