//! A staged copy of the managed tree: hard links to what is live, with a plan's files replaced. `nginx -t` runs on it;
//! the live tree is not touched. Includes in our files are relative to the configuration file, so the copy needs no
//! rewriting.
//!
//! The copy stays between two tests, because to link thousands of files anew takes longer than nginx takes to read them.
//! What is stale in it is found out each time: a name that stands for another file than in the live tree has another
//! inode number, and the copy's own link keeps the kernel from giving that number to a new file.

use super::super::Faults;
use super::super::command::{self, Program};
use super::super::files::{RootDir, irregular};
use super::{MANAGED, NginxFile, TestReport};
use crate::base::Result;
use crate::base::limits::{MANAGED_FILE_BYTES_MAX, NGINX_TEST_S_MAX};
use crate::nginx_syntax::{Directive, block, dir, parse};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Folders of the managed tree.
pub(in super::super) const FOLDERS: [&str; 3] = ["manara/snippets", "manara/sites", "manara/tls"];

/// Makes the staged tree in `staging` a copy of `live` with `texts` in place, and tests it.
pub(in super::super) fn test(
    live: &RootDir,
    staging: &RootDir,
    texts: &BTreeMap<String, Option<String>>,
    faults: &Faults,
) -> Result<TestReport> {
    faults.step("stage")?;
    for folder in FOLDERS {
        staging.make_dirs(folder, 0o755)?;
        follow(live, staging, folder)?;
    }
    for rel in [NginxFile::Main.rel(), NginxFile::Http.rel(), generation_rel()] {
        staging.remove_lightly(&rel)?;
        if live.stat(&rel)?.is_some() {
            mirror(live, staging, &rel)?;
        }
    }
    for (rel, text) in texts {
        match text {
            Some(text) => staging.write_lightly(rel, text.as_bytes(), NginxFile::MODE)?,
            None => staging.remove_lightly(rel)?,
        }
    }
    run(staging)
}

/// Makes the files of a folder of `staging` those of `live`.
fn follow(live: &RootDir, staging: &RootDir, folder: &str) -> Result<()> {
    let wanted: BTreeMap<String, u64> = live.list_inodes(folder)?.into_iter().collect();
    let mut there = BTreeSet::new();
    for (name, inode) in staging.list_inodes(folder)? {
        if wanted.get(&name) == Some(&inode) {
            there.insert(name);
        } else {
            staging.remove_tree(&format!("{folder}/{name}"))?;
        }
    }
    for name in wanted.into_keys().filter(|name| !there.contains(name)) {
        mirror(live, staging, &format!("{folder}/{name}"))?;
    }
    Ok(())
}

/// Path of the file that carries the generation.
pub(in super::super) fn generation_rel() -> String {
    format!("{MANAGED}/generation.conf")
}

/// What the file with the generation says.
pub(in super::super) fn generation_tree(generation: u64) -> Vec<Directive> {
    let number = generation.to_string();
    let answer = vec![dir("default_type", &["text/plain"]), dir("return", &["200", &number])];
    vec![block("location", &["=", "/generation"], answer)]
}

/// The generation in such a file.
pub(in super::super) fn generation_in(text: &[u8]) -> Option<u64> {
    let tree = parse(text).ok()?;
    let answer = tree.first()?.block.as_ref()?.iter().find(|directive| directive.name == "return")?;
    answer.args.get(1)?.parse().ok()
}

fn mirror(live: &RootDir, staging: &RootDir, rel: &str) -> Result<()> {
    if live.link_into(rel, staging, rel)? {
        // A link's second name is a link. Nobody else writes here, so what is looked at now is what nginx opens.
        if !staging.stat(rel)?.is_some_and(|stat| stat.is_file) {
            staging.remove_tree(rel)?;
            return Err(irregular(&live.path(rel)));
        }
    } else {
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
    fn the_copy_follows_whatever_happens_to_the_live_tree() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| RootDir::open_or_make(&dir.path().join(name)).unwrap();
        let (live, staging) = (open("live"), open("staging"));
        let (folder, file) = ("manara/sites", |name: &str| format!("manara/sites/{name}.conf"));
        let put = |root: &RootDir, name: &str, text: &str| root.write(&file(name), text.as_bytes(), 0o644).unwrap();
        let text = |root: &RootDir, name: &str| root.read(&file(name), 100).unwrap();
        [&live, &staging].into_iter().for_each(|root| root.make_dirs(folder, 0o755).unwrap());
        ["kept", "changed", "edited", "gone", "tested"].into_iter().for_each(|name| put(&live, name, "1"));
        follow(&live, &staging, folder).unwrap();
        assert_eq!(live.list(folder).unwrap(), staging.list(folder).unwrap());
        let kept = staging.list_inodes(folder).unwrap().into_iter().find(|(name, _)| name == "kept.conf");

        put(&live, "changed", "2");
        put(&live, "new", "2");
        put(&staging, "tested", "only a plan");
        put(&staging, "refused", "only a plan");
        live.remove(&file("gone")).unwrap();
        // Somebody's editor that writes into the file itself.
        std::fs::write(live.path(&file("edited")), "2").unwrap();
        follow(&live, &staging, folder).unwrap();
        assert_eq!(live.list(folder).unwrap(), staging.list(folder).unwrap());
        for name in ["kept", "changed", "edited", "tested", "new"] {
            assert_eq!(text(&live, name), text(&staging, name), "{name}");
        }
        assert!(staging.list_inodes(folder).unwrap().into_iter().any(|f| Some(f) == kept), "what is fresh stays");
    }

    #[test]
    fn the_generation_is_read_as_it_was_written() {
        for number in [0, 7, u64::MAX] {
            let text = crate::nginx_syntax::print(&generation_tree(number)).unwrap();
            assert_eq!(generation_in(text.as_bytes()), Some(number));
        }
        assert_eq!(generation_in(b"server {}"), None);
    }

    #[test]
    fn the_blamed_file_is_found_in_nginx_words() {
        let text = "nginx: [emerg] unknown directive \"x\" in manara/sites/s0123456789.conf:4\nnginx: test failed";
        assert_eq!(blamed(text).as_deref(), Some("manara/sites/s0123456789.conf"));
        assert_eq!(blamed("nginx: [emerg] bind() failed"), None);
    }
}
