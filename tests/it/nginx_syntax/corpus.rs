//! Files as people write them: our own odd ones, those of the installed nginx, and any folder named by
//! `MANARA_NGINX_CORPUS` (see `scripts/nginx-corpus.sh`).

use std::path::{Path, PathBuf};

use manara::nginx_syntax::{parse, print};

use super::server::test;

/// Our own files.
pub(crate) fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nginx_corpus")
}

/// Every regular file under `root` with its content.
pub(crate) fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), std::fs::read(&path).expect("a readable file")));
            }
        }
    }
    found.sort();
    found
}

/// Parses, prints, parses; the tree and then the text must stay.
fn round_trip(path: &Path, source: &[u8]) {
    let tree = parse(source).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = print(&tree).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let again = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}\n{text}", path.display()));
    assert_eq!(again, tree, "{}", path.display());
    assert_eq!(print(&again).as_ref(), Ok(&text), "{}", path.display());
}

#[test]
fn own_files_round_trip() {
    let files = files(&own());
    assert!(files.len() >= 6);
    for (path, source) in files {
        round_trip(&path, &source);
    }
}

#[test]
fn files_of_the_installed_nginx_round_trip() {
    let files = files(Path::new("/etc/nginx"));
    let names: Vec<_> = files.iter().filter_map(|(path, _)| path.file_name()?.to_str()).collect();
    assert!(names.contains(&"nginx.conf") && names.contains(&"mime.types"), "nginx must be installed: {names:?}");
    for (path, source) in &files {
        round_trip(path, source);
    }
}

#[test]
fn files_of_the_named_corpus_round_trip() {
    let Some(root) = std::env::var_os("MANARA_NGINX_CORPUS") else {
        return;
    };
    let files = files(Path::new(&root));
    assert!(!files.is_empty(), "MANARA_NGINX_CORPUS names an empty folder");
    for (path, source) in &files {
        round_trip(path, source);
    }
}

#[test]
fn nginx_accepts_our_files_before_and_after_printing() {
    for name in ["quoting.conf", "blocks.conf", "comments.conf", "crlf.conf"] {
        let source = std::fs::read(own().join(name)).expect("the file");
        let printed = print(&parse(&source).expect("parses")).expect("prints");
        for text in [String::from_utf8(source).expect("UTF-8"), printed] {
            let output = test(&text);
            assert!(output.status.success(), "{name}: {}\n{text}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
