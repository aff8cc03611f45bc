//! Documents that name files name files that exist.

use std::path::{Path, PathBuf};

/// Folders a path in a document may begin with.
const TOPS: &[&str] = &["src/", "scripts/", "tests/", "assets/", "docs/", "plugins/", ".ci/"];

/// Made by a build, so not there in a clean checkout.
const MADE: &[&str] = &["assets/dist", "assets/ui/node_modules", "target/"];

/// Text in backticks, and the targets of Markdown links.
fn quoted(text: &str) -> (Vec<&str>, Vec<&str>) {
    let code = text.split('`').skip(1).step_by(2).filter(|part| !part.contains('\n')).collect();
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect();
    (code, links)
}

/// The path a piece of code names, if it looks like one of ours: no pattern, no space, no line number.
fn path_of(code: &str) -> Option<&str> {
    let path = code.split([' ', ':', '#']).next()?.trim_end_matches(['.', ',', '/']);
    let ours = TOPS.iter().any(|top| code.starts_with(top));
    let pattern =
        path.contains(['*', '<', '{', '$', '…']) || path.chars().any(|c| c.is_ascii_uppercase()) && path.ends_with('/');
    (ours && !pattern && !MADE.iter().any(|made| path.starts_with(made))).then_some(path)
}

fn problems_in(document: &str) -> Vec<String> {
    let text = crate::read(document);
    let (code, links) = quoted(&text);
    let mut missing: Vec<String> = Vec::new();
    for path in code.into_iter().filter_map(path_of).filter(|path| !crate::root().join(path).exists()) {
        missing.push(format!("{document}: {path}"));
    }
    let folder = Path::new(document).parent().map(PathBuf::from).unwrap_or_default();
    for link in links.into_iter().filter(|link| !link.contains("://") && !link.starts_with(['#', '<'])) {
        let target = link.split('#').next().unwrap_or(link);
        if !target.is_empty() && !crate::root().join(&folder).join(target).exists() {
            missing.push(format!("{document}: link to {target}"));
        }
    }
    missing
}

#[test]
fn every_path_in_architecture_exists() {
    let text = crate::read("ARCHITECTURE.md");
    let (code, _) = quoted(&text);
    // In the map, modules are named as below src.
    let bare = code
        .into_iter()
        .filter(|path| path.ends_with(".rs") && *path != "mod.rs" && !TOPS.iter().any(|top| path.starts_with(top)));
    let missing =
        bare.filter(|path| !crate::root().join("src").join(path).exists() && !crate::root().join(path).exists());
    let mut problems: Vec<String> = missing.map(|path| format!("ARCHITECTURE.md: {path}")).collect();
    problems.extend(problems_in("ARCHITECTURE.md"));
    crate::expect_none(problems, "the map has to match the land:");
}

#[test]
fn every_floor_is_on_the_map() {
    let text = crate::read("ARCHITECTURE.md");
    let modules = std::fs::read_dir(crate::root().join("src")).expect("src exists").flatten();
    let names = modules
        .map(|entry| entry.path().with_extension(""))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let absent = names.filter(|name| {
        name != "lib" && !text.contains(&format!("`{name}`")) && !text.contains(&format!("`{name}.rs`"))
    });
    crate::expect_none(absent.collect(), "ARCHITECTURE.md does not mention these modules:");
}

#[test]
fn every_path_in_the_documents_exists() {
    let documents =
        crate::repository_files().into_iter().filter(|path| path.ends_with(".md") && path != "ARCHITECTURE.md");
    crate::expect_none(documents.flat_map(|path| problems_in(&path)).collect(), "documents name what is not there:");
}

#[test]
fn every_test_that_the_threats_name_exists() {
    let text = crate::read("docs/threats.md");
    let files = crate::repository_files();
    let all = |of: &dyn Fn(&str) -> bool| -> String { files.iter().filter(|path| of(path)).map(crate::read).collect() };
    let code = all(&|path| path.ends_with(".rs"));
    let stories = all(&|path| path.starts_with("tests/vps/stories/"));
    let scenes = all(&|path| path.starts_with("tests/e2e/scenes/"));
    let is_there = |name: &str| match name.split_once(": ") {
        Some((_, "NAME")) => true,
        Some(("vps", story)) => stories.contains(&format!("def {story}(")),
        Some(("e2e", scene)) => scenes.contains(&format!("export async function {scene}(")),
        _ => name.rsplit("::").next().is_some_and(|last| code.contains(&format!("fn {last}("))),
    };
    let is_test = |name: &&str| name.starts_with("vps: ") || name.starts_with("e2e: ") || name.contains("::");
    let missing = quoted(&text).0.into_iter().filter(is_test).filter(|name| !is_there(name)).map(str::to_owned);
    crate::expect_none(missing.collect(), "a threat is tried by the tests it names:");
}
