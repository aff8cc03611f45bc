//! Readable differences between two texts.

use imara_diff::{Algorithm, Diff, Hunk, InternedInput, Token};
use std::fmt::Write as _;
use std::ops::Range;

/// Unchanged lines shown before and after a change.
const CONTEXT: u32 = 3;

/// Unified diff as `diff -u` of GNU diffutils prints it, with three lines of context, from `before` to `after`; empty
/// when they are equal. `None` stands for a file that does not exist. The time it takes grows with the length of the
/// texts only, however little they have in common.
pub fn unified(name: &str, before: Option<&str>, after: Option<&str>) -> String {
    let texts = InternedInput::new(before.unwrap_or(""), after.unwrap_or(""));
    let mut diff = Diff::compute(Algorithm::Histogram, &texts);
    diff.postprocess_lines(&texts);
    let mut groups: Vec<Vec<Hunk>> = Vec::new();
    for hunk in diff.hunks() {
        match groups.last_mut() {
            Some(group) if hunk.before.start - group[group.len() - 1].before.end <= 2 * CONTEXT => group.push(hunk),
            _ => groups.push(vec![hunk]),
        }
    }
    if groups.is_empty() {
        return String::new();
    }
    let side = |there: bool, letter: char| if there { format!("{letter}/{name}") } else { "/dev/null".into() };
    let mut out = format!("--- {}\n+++ {}\n", side(before.is_some(), 'a'), side(after.is_some(), 'b'));
    for group in &groups {
        print(&mut out, &texts, group);
    }
    out
}

/// Adds changes that lie close together, with the lines around and between them.
fn print(out: &mut String, texts: &InternedInput<&str>, group: &[Hunk]) {
    let (first, last) = (&group[0], &group[group.len() - 1]);
    let lead = first.before.start.min(CONTEXT);
    let trail = (texts.before.len() as u32 - last.before.end).min(CONTEXT);
    let old = first.before.start - lead..last.before.end + trail;
    let new = first.after.start - lead..last.after.end + trail;
    // Lines count from one; a side without lines names the line before it.
    let start = |side: &Range<u32>| side.start + u32::from(!side.is_empty());
    let _ = writeln!(out, "@@ -{},{} +{},{} @@", start(&old), old.len(), start(&new), new.len());
    let mut lines = |mark: char, side: &[Token], range: Range<u32>| {
        for line in &side[range.start as usize..range.end as usize] {
            let text = texts.interner[*line];
            let end = if text.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
            let _ = write!(out, "{mark}{text}{end}");
        }
    };
    let mut printed = old.start;
    for hunk in group {
        lines(' ', &texts.before, printed..hunk.before.start);
        lines('-', &texts.before, hunk.before.clone());
        lines('+', &texts.after, hunk.after.clone());
        printed = hunk.before.end;
    }
    lines(' ', &texts.before, printed..old.end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_equal_files() {
        assert_eq!(unified("x", None, Some("a\n")), "--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n");
        assert!(unified("x", Some("a\n"), Some("b\n")).contains("-a\n+b\n"));
        assert_eq!(unified("x", Some("a\n"), Some("a\n")), "");
        assert_eq!(
            unified("ملف", Some("1\n2\n3\n4\n5\n6"), Some("1\n2\n3\n4\n5\n")),
            "--- a/ملف\n+++ b/ملف\n@@ -3,4 +3,3 @@\n 3\n 4\n 5\n-6\n\\ No newline at end of file\n"
        );
    }

    /// What is printed is what `diff -u` prints, wherever the changes lie.
    #[test]
    fn as_diffutils_prints_it() {
        let lines =
            |skip: &[usize]| (1..=40).filter(|i| !skip.contains(i)).map(|i| format!("{i}\n")).collect::<String>();
        let folder = tempfile::tempdir().unwrap();
        for (old, new) in
            [(vec![], vec![5]), (vec![1, 9, 17], vec![40]), (vec![20], vec![1, 2, 3, 27, 34]), (vec![39], vec![])]
        {
            let (old, new) = (lines(&old), lines(&new));
            std::fs::write(folder.path().join("a"), &old).unwrap();
            std::fs::write(folder.path().join("b"), &new).unwrap();
            let theirs = std::process::Command::new("diff")
                .args(["-u", "--label", "a/x", "--label", "b/x", "a", "b"])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(unified("x", Some(&old), Some(&new)), String::from_utf8(theirs.stdout).unwrap());
        }
    }

    /// Every line differs: a search for the shortest difference would take minutes.
    #[test]
    fn large_and_nothing_in_common() {
        let lines = |word: &str| (0..50_000).map(|i| format!("{word} {i};\n")).collect::<String>();
        let diff = unified("x", Some(&lines("a")), Some(&lines("b")));
        assert!(diff.starts_with("--- a/x\n+++ b/x\n@@ -1,50000 +1,50000 @@\n-a 0;\n"));
        assert_eq!(diff.lines().count(), 3 + 100_000);
    }
}
