//! What the file of the secret key must be like. The caller looks at the file; this judges.

use super::load::Loaded;
use super::problem::{Origin, Problem};
use super::typed::Profile;
use super::value::Reason;

/// Shortest key: 256 bits, what the key derivation and the sealing cipher need.
pub const KEY_BYTES_MIN: u64 = 32;

/// What `stat` says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts {
    /// Length.
    pub bytes: u64,
    /// Permission bits, such as `0o640`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// The user and group a process runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunsAs {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// Problems of the key file, `None` meaning that it is missing. In development a missing key is no problem: whoever
/// opens the store makes one.
pub fn check(loaded: &Loaded, file: Option<FileFacts>, me: RunsAs) -> Vec<Problem> {
    let config = &loaded.config;
    let origin = loaded.settings.iter().find(|s| s.opt.key == "key_file").map_or(Origin::Default, |s| s.origin.clone());
    let path = config.key_file.display().to_string();
    let problem = |reason| Problem::of_value(origin.clone(), "key_file", path.clone(), reason);
    match file {
        None if config.profile == Profile::Development => vec![],
        None => vec![problem(Reason::new("option.key_missing").with("min", KEY_BYTES_MIN))],
        Some(facts) => flaws(facts, me).into_iter().map(problem).collect(),
    }
}

fn flaws(facts: FileFacts, me: RunsAs) -> Vec<Reason> {
    let mut found = Vec::new();
    if facts.bytes < KEY_BYTES_MIN {
        found.push(Reason::new("option.key_short").with("bytes", facts.bytes).with("min", KEY_BYTES_MIN));
    }
    if is_exposed(facts, me) {
        found.push(Reason::new("option.key_exposed").with("mode", format!("{:04o}", facts.mode & 0o7777)));
    }
    // Whoever owns a file can replace it whatever its mode says.
    if facts.uid != 0 && facts.uid != me.uid {
        found.push(Reason::new("option.key_owner").with("uid", facts.uid));
    }
    found
}

/// Whether others than root, this process's user and (reading only) its group reach a secret file.
pub fn is_exposed(facts: FileFacts, me: RunsAs) -> bool {
    let group_may_read = facts.gid == 0 || facts.gid == me.gid;
    facts.mode & 0o037 != 0 || (facts.mode & 0o040 != 0 && !group_may_read)
}
