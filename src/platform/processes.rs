//! What runs, from /proc (proc(5)). Names only: arguments of programs can hold secrets.

use super::files::read_own;
use crate::base::clock::{Clock, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// More than the file of one process, and than the list of users.
const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Time between two looks when nobody looked lately.
const LOOK: Duration = Duration::from_millis(250);
/// A look that is older says nothing of now.
const LOOK_AGE_MAX: Duration = Duration::from_secs(30);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// Runs, or could.
    Running,
    /// Waits.
    Sleeping,
    /// Waits for a disk or the kernel and cannot be ended meanwhile.
    Blocked,
    /// Was stopped.
    Stopped,
    /// Has ended; whoever started it has not noticed.
    Zombie,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Name of its program, cut at 15 bytes by the kernel.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// What it does.
    pub state: ProcessState,
    /// Processor time since the look before, in percent of one processor.
    pub cpu_percent: f64,
    /// Memory it has in use, in bytes; what it shares with others counts for each (resident set size).
    pub memory: u64,
    /// Its threads.
    pub threads: u32,
    /// When it began.
    pub started_at: Time,
    /// The unit of systemd it belongs to.
    pub unit: Option<String>,
}

/// Processor time of processes at one moment. A number may be given again: the time of its beginning tells them apart.
struct Look {
    at: Instant,
    ticks: HashMap<(u32, u64), u64>,
}

/// Looks at processes, and remembers the look before.
#[derive(Default)]
pub(super) struct Watch {
    before: Mutex<Option<Look>>,
}

/// A process as the kernel shows it: times in ticks, memory in pages.
struct Raw {
    pid: u32,
    name: String,
    state: ProcessState,
    ticks: u64,
    threads: u32,
    began: u64,
    pages: u64,
}

impl Watch {
    /// The processes now, those that use most processor time first. The first look takes a quarter of a second.
    pub(super) fn processes(&self, clock: &dyn Clock) -> Vec<Process> {
        let Ok(mut before) = self.before.lock() else { return vec![] };
        let earlier = before.take().filter(|look| look.at.elapsed() < LOOK_AGE_MAX);
        let earlier = earlier.unwrap_or_else(|| look(&read_all()));
        if let Some(wait) = LOOK.checked_sub(earlier.at.elapsed()) {
            super::clock::pause(wait);
        }
        let all = read_all();
        let now = look(&all);
        let seconds = now.at.duration_since(earlier.at).as_secs_f64();
        let ticks = f64::from(super::metrics::ticks_per_second());
        let (users, booted) = (users(), booted(clock.now()));
        let page = rustix::param::page_size() as u64;
        let mut processes: Vec<Process> = all
            .into_iter()
            .map(|raw| {
                let used =
                    earlier.ticks.get(&(raw.pid, raw.began)).map_or(0, |before| raw.ticks.saturating_sub(*before));
                Process {
                    user: owner(raw.pid, &users),
                    unit: unit(raw.pid),
                    pid: raw.pid,
                    name: raw.name,
                    state: raw.state,
                    cpu_percent: (used as f64 / ticks / seconds * 1000.0).round() / 10.0,
                    memory: raw.pages * page,
                    threads: raw.threads,
                    started_at: Time(booted.0 + (raw.began as f64 / ticks * 1000.0) as i64),
                }
            })
            .collect();
        processes.sort_by(|a, b| b.cpu_percent.total_cmp(&a.cpu_percent).then(b.memory.cmp(&a.memory)));
        *before = Some(now);
        processes
    }
}

fn look(all: &[Raw]) -> Look {
    Look { at: Instant::now(), ticks: all.iter().map(|raw| ((raw.pid, raw.began), raw.ticks)).collect() }
}

fn text(path: &str) -> String {
    read_own(Path::new(path), FILE_BYTES_MAX).ok().flatten().unwrap_or_default()
}

fn read_all() -> Vec<Raw> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    // Threads of the kernel have no memory, and are nothing anybody could do something about.
    pids.filter_map(|pid| parse(pid, &text(&format!("/proc/{pid}/stat")))).filter(|raw| raw.pages > 0).collect()
}

/// `stat` of a process. Its name stands in brackets and may hold anything.
fn parse(pid: u32, stat: &str) -> Option<Raw> {
    let (begin, end) = (stat.find('(')?, stat.rfind(')')?);
    let fields: Vec<&str> = stat.get(end + 1..)?.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let state = match *fields.first()? {
        "R" => ProcessState::Running,
        "D" => ProcessState::Blocked,
        "T" | "t" => ProcessState::Stopped,
        "Z" | "X" => ProcessState::Zombie,
        _ => ProcessState::Sleeping,
    };
    Some(Raw {
        pid,
        name: stat.get(begin + 1..end)?.to_owned(),
        state,
        ticks: number(11)? + number(12)?,
        threads: u32::try_from(number(17)?).ok()?,
        began: number(19)?,
        pages: number(21)?,
    })
}

/// Names of users by their number (passwd(5)).
fn users() -> HashMap<u32, String> {
    let passwd = text("/etc/passwd");
    let named = passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next()?, fields.nth(1)?);
        Some((uid.parse().ok()?, name.to_owned()))
    });
    named.collect()
}

fn owner(pid: u32, users: &HashMap<u32, String>) -> String {
    let status = text(&format!("/proc/{pid}/status"));
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    // Real, effective …: the second one is whose rights it has.
    let uid = line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<u32>().ok());
    uid.map_or_else(String::new, |uid| users.get(&uid).cloned().unwrap_or_else(|| uid.to_string()))
}

/// The innermost service or scope of a process's control group (cgroups(7)).
fn unit(pid: u32) -> Option<String> {
    let groups = text(&format!("/proc/{pid}/cgroup"));
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    path.rsplit('/').find(|part| part.ends_with(".service") || part.ends_with(".scope")).map(str::to_owned)
}

fn booted(now: Time) -> Time {
    let uptime = text("/proc/uptime");
    let seconds = uptime.split_ascii_whitespace().next().and_then(|s| s.parse::<f64>().ok()).unwrap_or_default();
    Time(now.0 - (seconds * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::SystemClock;

    #[test]
    fn a_name_with_brackets_and_spaces_is_read_whole() {
        let stat = "42 (a) b (c) R 1 42 42 0 -1 4194304 1 0 0 0 7 3 0 0 20 0 5 0 900 1000 25 18446744073709551615";
        let raw = parse(42, stat).unwrap();
        assert_eq!((raw.name.as_str(), raw.state, raw.ticks), ("a) b (c", ProcessState::Running, 10));
        assert_eq!((raw.threads, raw.began, raw.pages), (5, 900, 25));
        for bad in ["", "42", "42 (a", "42 (a) R 1"] {
            assert!(parse(42, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn this_process_is_seen_with_what_it_uses() {
        let watch = Watch::default();
        let turn = || {
            watch.processes(&SystemClock);
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(300) {
                std::hint::spin_loop();
            }
            let seen = watch.processes(&SystemClock);
            let mine = seen.iter().find(|p| p.pid == std::process::id()).expect("this process").clone();
            (seen, mine)
        };
        // A busy machine may give this process next to nothing for a while.
        let mut turns = std::iter::repeat_with(turn).take(100);
        let (seen, mine) = turns.find(|(_, mine)| mine.cpu_percent > 1.0).expect("it uses the processor");
        assert!(mine.memory > 1024 * 1024 && !mine.user.is_empty(), "{mine:?}");
        assert!(SystemClock.now().since_s(mine.started_at) < 3600, "{mine:?}");
        assert!(seen.windows(2).all(|pair| pair[0].cpu_percent >= pair[1].cpu_percent));
    }
}
