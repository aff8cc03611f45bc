//! Random and mutated input against code that must never panic. Each target is a function of bytes or of a generator,
//! so that another fuzzer can drive it.
//!
//! `MANARA_FUZZ_SECONDS` (default 5) is the time of each target; `MANARA_FUZZ_SEED` repeats a run.

use std::io::Write as _;
use std::time::{Duration, Instant};

use manara::nginx_syntax::{Directive, PrintProblem, SyntaxProblem, parse, print};
use manara::platform::host_service::wire;

use crate::nginx_syntax::generate::{PIECES, tree, word};
use crate::support::rng::Rng;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: {text:?}")))
}

/// Runs `target` with one fresh generator after another until the time is over, and tells how to repeat a failure.
pub(crate) fn drive(name: &str, mut target: impl FnMut(&mut Rng)) {
    let start = Instant::now();
    let time = Duration::from_secs(number("MANARA_FUZZ_SECONDS", 5));
    let first = number("MANARA_FUZZ_SEED", 1);
    let mut runs = 0;
    while runs == 0 || start.elapsed() < time {
        let seed = first + runs;
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| target(&mut Rng::new(seed))));
        assert!(caught.is_ok(), "{name} fails; repeat with MANARA_FUZZ_SEED={seed}");
        runs += 1;
    }
    let _ = writeln!(std::io::stderr(), "{name}: {runs} runs from seed {first}");
}

/// Any bytes: parsing gives a tree or an error inside the text; a tree prints, and reads back as itself.
fn nginx_text(bytes: &[u8]) {
    let tree = match parse(bytes) {
        Ok(tree) => tree,
        Err(error) => {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
            assert!(error.column >= 1 && (1..=lines).contains(&usize::try_from(error.line).expect("fits")), "{error}");
            assert_ne!(error.problem, SyntaxProblem::TooLarge);
            return;
        }
    };
    let text = print(&tree).expect("what was parsed can be printed");
    let again = parse(text.as_bytes()).expect("what was printed can be parsed");
    assert_eq!(again, tree);
    assert_eq!(print(&again).as_deref(), Ok(&*text), "printing is a fixed point");
    let json = serde_json::to_string(&again).expect("serialises");
    let across: Vec<Directive> = serde_json::from_str(&json).expect("deserialises");
    assert_eq!(print(&across).as_deref(), Ok(&*text), "what goes over a wire is printed the same");
}

/// Any tree: refused for a stated reason, or read back as itself.
fn nginx_tree(rng: &mut Rng) -> bool {
    let tree = tree(rng, 8, 4);
    match print(&tree) {
        Ok(text) => {
            assert_eq!(parse(text.as_bytes()).as_deref(), Ok(&*tree), "{text}");
            let json = serde_json::to_string(&tree).expect("serialises");
            assert_eq!(serde_json::from_str::<Vec<Directive>>(&json).expect("deserialises"), tree);
            true
        }
        Err(error) => {
            assert!(!matches!(error.problem, PrintProblem::TooLarge | PrintProblem::TooDeep), "{error}");
            false
        }
    }
}

#[test]
fn nginx_parser_survives_random_and_mutated_text() {
    let corpus: Vec<Vec<u8>> = crate::nginx_syntax::corpus::files(&crate::nginx_syntax::corpus::own())
        .into_iter()
        .map(|(_, source)| source)
        .collect();
    drive("nginx text", |rng| {
        let bytes = match rng.below(3) {
            0 => word(rng, 60).into_bytes(),
            1 => (0..rng.below(80)).map(|_| rng.next().to_le_bytes()[2]).collect(),
            _ => {
                let file = &corpus[rng.below(corpus.len())];
                rng.mutate(file, PIECES)
            }
        };
        nginx_text(&bytes);
    });
}

#[test]
fn nginx_printer_survives_random_trees() {
    let mut printed = 0;
    drive("nginx trees", |rng| printed += u32::from(nginx_tree(rng)));
    assert!(printed > 0, "every tree was refused");
}

/// Any bytes as an operation or a frame of the host's wire: refused, or one that is written back as itself.
fn wire_bytes(bytes: &[u8]) -> bool {
    let refused = wire::read_frame(bytes).is_err();
    let Ok(op) = wire::read_op(bytes) else { return !refused };
    let text = serde_json::to_vec(&op).expect("serialises");
    let again = wire::read_op(&text).expect("what was written is read");
    assert_eq!(serde_json::to_vec(&again).expect("serialises"), text, "{op:?}");
    true
}

#[test]
fn the_hosts_wire_survives_random_and_mutated_bytes() {
    const SEEDS: &[&str] = &[
        r#""nginx_prepare""#,
        r#""stop""#,
        r#"{"nginx_read":{"file":{"site":"s0123456789"}}}"#,
        r#"{"nginx_test":{"changes":[{"file":"main","content":[{"name":"user","args":["x"],"layout":"gap"}]}]}}"#,
        r#"{"nginx_switch":{"plan":"p0123456789","changes":[{"file":{"site":"s0123456789"},"content":null}]}}"#,
        r#"{"nginx_reload":{"generation":7}}"#,
        r#"{"sites_create":{"plan":"p0123456789","trees":[{"site":"s0123456789","domain":"a.test"}]}}"#,
        r#"{"site_trash":{"plan":"p0123456789","site":"s0123456789","folder":"a.test"}}"#,
        r#"{"undo":{"plan":"p0123456789"}}"#,
        r#"{"install":{"component":"nginx"}}"#,
    ];
    const WORDS: &[&str] =
        &["..", "/", "\\u0000", "null", "[", "]", "{", "}", ",", ":", "\"", "1e999", "-0", "hold", "block"];
    let mut read = 0;
    drive("host wire", |rng| {
        let seed = SEEDS[rng.below(SEEDS.len())].as_bytes();
        let bytes = if rng.below(4) == 0 { seed.to_vec() } else { rng.mutate(seed, WORDS) };
        read += u32::from(wire_bytes(&bytes));
    });
    assert!(read > 0, "everything was refused");
}
