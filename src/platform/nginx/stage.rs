//! A staged copy of the managed tree: hard links to what is live, with a plan's files replaced. `nginx -t` runs on it;
//! the live tree is not touched. Includes in our files are relative to the configuration file, so the copy needs no
//! rewriting. Where nginx is shared, the files of others are there as links, and their `nginx.conf` is a copy that
//! includes the staged `conf.d` and `sites-enabled` instead of the live ones.
//!
//! The copy stays between two tests, because to link thousands of files anew takes longer than nginx takes to read them.
//! What is stale in it is found out each time: a name that stands for another file than in the live tree has another
//! inode number, and the copy's own link keeps the kernel from giving that number to a new file.

use super::super::Faults;
use super::super::command::{self, Program};
use super::super::files::{RootDir, irregular};
use super::ownership::ADOPTED;
use super::{MANAGED, NginxFile, TestReport, is_ours, neighbours};
use crate::base::limits::{MANAGED_FILE_BYTES_MAX, NGINX_TEST_S_MAX};
use crate::base::{Error, Kind, Result};
use crate::nginx_syntax::{Directive, block, dir, parse, walk};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Folders of the managed tree.
pub(in super::super) const FOLDERS: [&str; 3] = ["manara/snippets", "manara/sites", "manara/tls"];

/// Makes the staged tree in `staging` a copy of `live` with `texts` in place, and tests it. `machine`: this is the nginx of
/// the distribution, and paths that are relative to nginx's prefix mean the one it was built with.
pub(in super::super) fn test(
    live: &RootDir,
    staging: &RootDir,
    texts: &BTreeMap<String, Option<String>>,
    machine: bool,
    faults: &Faults,
) -> Result<TestReport> {
    faults.step("stage")?;
    for folder in FOLDERS {
        staging.make_dirs(folder, 0o755)?;
        follow(live, staging, folder)?;
    }
    let main = main(live, texts)?;
    let ours = is_ours(&String::from_utf8_lossy(&main));
    if !ours {
        foreign(live, staging)?;
    }
    for rel in [NginxFile::Http.rel(), generation_rel()] {
        place(live, staging, &rel, texts)?;
    }
    for rel in [NginxFile::Entry.rel(), NginxFile::LateEntry.rel()].iter().filter(|_| !ours) {
        place(live, staging, rel, texts)?;
    }
    for (rel, text) in texts.iter().filter(|(rel, _)| rel.starts_with(MANAGED)) {
        match text {
            Some(text) => staging.write_lightly(rel, text.as_bytes(), NginxFile::MODE)?,
            None => staging.remove_lightly(rel)?,
        }
    }
    let main = if ours { main } else { redirected(&main, live) };
    staging.remove_lightly(&NginxFile::Main.rel())?;
    staging.write_lightly(&NginxFile::Main.rel(), &main, NginxFile::MODE)?;
    let names = if ours { None } else { Some(server_names(texts)) };
    run(live, staging, names.as_ref(), machine)
}

/// The names of the servers in `texts`.
fn server_names(texts: &BTreeMap<String, Option<String>>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for tree in texts.values().flatten().filter_map(|text| parse(text.as_bytes()).ok()) {
        // Nothing in the walk fails.
        let _ = walk(&tree, |_, directive| {
            if directive.name == "server_name" {
                names.extend(directive.args.iter().cloned());
            }
            Ok::<(), ()>(())
        });
    }
    names
}

/// The `nginx.conf` as it would be.
fn main(live: &RootDir, texts: &BTreeMap<String, Option<String>>) -> Result<Vec<u8>> {
    let rel = NginxFile::Main.rel();
    let from = match texts.get(&rel) {
        Some(Some(text)) => return Ok(text.clone().into_bytes()),
        Some(None) => ADOPTED,
        None => &rel,
    };
    // As nginx does: somebody's nginx.conf may be a link.
    let path = live.path(from);
    match std::fs::metadata(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Ok(meta) if !meta.is_file() => return Err(irregular(&path)),
        _ => {}
    }
    let failed = |e| Error::new(Kind::External, "file_failed").with("path", path.display()).with("reason", e);
    std::fs::read(&path).map_err(failed)
}

/// Puts the file `rel` as it would be into the staged tree.
fn place(live: &RootDir, staging: &RootDir, rel: &str, texts: &BTreeMap<String, Option<String>>) -> Result<()> {
    staging.remove_lightly(rel)?;
    match texts.get(rel) {
        Some(Some(text)) => staging.write_lightly(rel, text.as_bytes(), NginxFile::MODE),
        None if live.stat(rel)?.is_some() => mirror(live, staging, rel),
        _ => Ok(()),
    }
}

/// Lets the staged tree show what others have in `live`: by links, so that relative paths in their files lead where they
/// do there. The folders that our entry lies in are folders of links, because ours is not the live one.
fn foreign(live: &RootDir, staging: &RootDir) -> Result<()> {
    for name in staging.list("")?.iter().chain(&live.list("")?).filter(|name| !neighbours::is_managed(name)) {
        staging.remove_tree(name)?;
        if live.stat(name)?.is_some() {
            staging.symlink(&live.path(name), name)?;
        }
    }
    for (folder, _) in neighbours::FOLDERS {
        staging.remove_tree(folder)?;
        staging.make_dirs(folder, 0o755)?;
        for name in live.list(folder)? {
            let rel = format!("{folder}/{name}");
            if NginxFile::from_rel(&rel).is_none() {
                staging.symlink(&live.path(&rel), &rel)?;
            }
        }
    }
    Ok(())
}

/// Somebody's `nginx.conf` with its includes of the folders that hold our entry leading into the staged tree. Nothing
/// else in it changes, not even a line: what nginx says about it is true of the original.
fn redirected(main: &[u8], live: &RootDir) -> Vec<u8> {
    let mut text = main.to_vec();
    for (folder, _) in neighbours::FOLDERS {
        let absolute = live.path(folder).display().to_string() + "/";
        let relative = format!("{folder}/");
        let mut from = 0;
        while let Some(at) = text[from..].windows(absolute.len()).position(|part| part == absolute.as_bytes()) {
            text.splice(from + at..from + at + absolute.len(), relative.bytes());
            from += at + relative.len();
        }
    }
    text
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

/// Marks that the files were made plain ones, without the panel's endpoints.
pub(in super::super) const FROZEN: &str = "manara/frozen";

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

/// `names`: those that the change gives to our servers, where there are servers of others too.
fn run(live: &RootDir, staging: &RootDir, names: Option<&BTreeSet<String>>, machine: bool) -> Result<TestReport> {
    let ours = names.is_none();
    let folder = staging.path("").display().to_string();
    let main = staging.path("nginx.conf").display().to_string();
    let mut args = vec!["-t", "-q", "-c", &main];
    args.extend(["-p", &folder].iter().filter(|_| !machine));
    let limit = Duration::from_secs(NGINX_TEST_S_MAX);
    let output = command::run(Program::Nginx, &args, limit, &mut |_| true)?;
    let text = output.text.replace(&format!("{folder}/"), "").trim().to_owned();
    // Two sites with one name are only a warning to nginx, which then ignores one of them. Among the files of others that
    // may have been so before, and is theirs to mend.
    let concerns = |line: &str| names.is_none_or(|names| conflict(line).is_some_and(|name| names.contains(name)));
    let clash = text.lines().any(|l| l.contains("[warn]") && conflict(l).is_some() && concerns(l));
    let ok = output.ok && !clash;
    let file = if ok { None } else { blamed(&text, ours, &live.path("").display().to_string()) };
    Ok(TestReport { ok, output: text, file })
}

/// The name in `conflicting server name "x" on 0.0.0.0:80, ignored`.
fn conflict(line: &str) -> Option<&str> {
    line.split_once("conflicting server name \"")?.1.split('"').next()
}

/// The file that nginx names in `… in manara/sites/x.conf:3`: below nginx's folder one of ours, absolute one of others.
fn blamed(text: &str, ours: bool, live: &str) -> Option<String> {
    let line = text.lines().find(|l| l.contains("[emerg]") || (ours && l.contains("[warn]")))?;
    let (_, place) = line.rsplit_once(" in ")?;
    let (path, _) = place.rsplit_once(':')?;
    match NginxFile::from_rel(path) {
        Some(file) if ours || file != NginxFile::Main => Some(file.rel()),
        _ if path.starts_with(MANAGED) || path.contains(' ') => None,
        _ if path.starts_with('/') => Some(path.to_owned()),
        _ => Some(format!("{live}/{path}")),
    }
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
        assert_eq!(blamed(text, true, "/etc/nginx").as_deref(), Some("manara/sites/s0123456789.conf"));
        assert_eq!(blamed("nginx: [emerg] bind() failed", true, "/etc/nginx"), None);
        let foreign = |path: &str| blamed(&format!("nginx: [emerg] unknown \"x\" in {path}:4"), false, "/etc/nginx");
        assert_eq!(foreign("sites-enabled/shop").as_deref(), Some("/etc/nginx/sites-enabled/shop"));
        assert_eq!(foreign("nginx.conf").as_deref(), Some("/etc/nginx/nginx.conf"));
        assert_eq!(foreign("/srv/x.conf").as_deref(), Some("/srv/x.conf"));
        assert_eq!(foreign("conf.d/manara.conf").as_deref(), Some("conf.d/manara.conf"));
    }
}
