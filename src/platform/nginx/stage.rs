//! A staged copy of the managed tree: hard links to what is live, with a plan's files replaced. `nginx -t` runs on it;
//! the live tree is not touched. Includes in our files are relative to the configuration file, so the copy needs no
//! rewriting.

use super::super::Faults;
use super::super::command::{self, Program};
use super::super::files::RootDir;
use super::{MANAGED, NginxFile, TestReport};
use crate::base::Result;
use crate::base::limits::{MANAGED_FILE_BYTES_MAX, NGINX_TEST_S_MAX};
use std::collections::BTreeMap;
use std::time::Duration;

/// Folders of the managed tree.
pub(in super::super) const FOLDERS: [&str; 3] = ["manara/snippets", "manara/sites", "manara/tls"];

/// Builds the staged tree in `staging` (emptied first) from `live` with `texts` in place, and tests it.
pub(in super::super) fn test(
    live: &RootDir,
    staging: &RootDir,
    texts: &BTreeMap<String, Option<String>>,
    faults: &Faults,
) -> Result<TestReport> {
    faults.step("stage")?;
    for name in staging.list("")? {
        staging.remove_tree(&name)?;
    }
    for folder in FOLDERS {
        staging.make_dirs(folder, 0o755)?;
        for name in live.list(folder)? {
            let rel = format!("{folder}/{name}");
            if !texts.contains_key(&rel) {
                mirror(live, staging, &rel)?;
            }
        }
    }
    for rel in [NginxFile::Main.rel(), NginxFile::Http.rel(), generation_rel()] {
        if !texts.contains_key(&rel) && live.stat(&rel)?.is_some() {
            mirror(live, staging, &rel)?;
        }
    }
    for (rel, text) in texts {
        if let Some(text) = text {
            staging.write_lightly(rel, text.as_bytes(), NginxFile::MODE)?;
        }
    }
    run(staging)
}

/// Path of the file that carries the generation.
pub(in super::super) fn generation_rel() -> String {
    format!("{MANAGED}/generation.conf")
}

fn mirror(live: &RootDir, staging: &RootDir, rel: &str) -> Result<()> {
    if !live.link_into(rel, staging, rel)? {
        let bytes = live.read(rel, MANAGED_FILE_BYTES_MAX)?.unwrap_or_default();
        staging.write_lightly(rel, &bytes, NginxFile::MODE)?;
    }
    Ok(())
}

fn run(staging: &RootDir) -> Result<TestReport> {
    let folder = staging.path("").display().to_string();
    let main = staging.path("nginx.conf").display().to_string();
    let limit = Duration::from_secs(NGINX_TEST_S_MAX);
    let output = command::run(Program::Nginx, &["-t", "-q", "-p", &folder, "-c", &main], limit, &mut |_| true)?;
    let text = output.text.replace(&format!("{folder}/"), "").trim().to_owned();
    // Two sites with one name are only a warning to nginx, which then ignores one of them.
    let clash = text.lines().any(|l| l.contains("[warn]") && l.contains("conflicting server name"));
    let ok = output.ok && !clash;
    let file = if ok { None } else { blamed(&text) };
    Ok(TestReport { ok, output: text, file })
}

/// The file of ours that nginx names in `… in manara/sites/x.conf:3`.
fn blamed(text: &str) -> Option<String> {
    let line = text.lines().find(|l| l.contains("[emerg]") || l.contains("[warn]"))?;
    let (_, place) = line.rsplit_once(" in ")?;
    let (rel, _) = place.rsplit_once(':')?;
    NginxFile::from_rel(rel).map(|f| f.rel())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blamed_file_is_found_in_nginx_words() {
        let text = "nginx: [emerg] unknown directive \"x\" in manara/sites/s0123456789.conf:4\nnginx: test failed";
        assert_eq!(blamed(text).as_deref(), Some("manara/sites/s0123456789.conf"));
        assert_eq!(blamed("nginx: [emerg] bind() failed"), None);
    }
}
