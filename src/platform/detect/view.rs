//! The window through which detection sees a machine.

use super::confinement;
use super::tools::{RealTools, Tools};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Longest file that is read; the ones of interest have a few kilobytes (`/proc/net/tcp` up to some hundred).
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What detection looks at: a tree of files, and answers that no file gives.
pub struct View<'a> {
    /// Where the tree begins.
    pub root: PathBuf,
    /// Kernel release, as `uname -r` prints it.
    pub kernel: String,
    /// Architecture, as `uname -m` prints it.
    pub architecture: String,
    /// Whether system-call filters work.
    pub seccomp: bool,
    /// Whether `openat2` works.
    pub openat2: bool,
    /// Asks programs.
    pub tools: &'a dyn Tools,
}

impl View<'static> {
    /// The machine this runs on.
    pub fn real() -> Self {
        let uname = rustix::system::uname();
        View {
            root: "/".into(),
            kernel: uname.release().to_string_lossy().into_owned(),
            architecture: uname.machine().to_string_lossy().into_owned(),
            seccomp: confinement::has_seccomp(),
            openat2: confinement::has_openat2(),
            tools: &RealTools,
        }
    }
}

impl View<'_> {
    /// Where the absolute `path` is.
    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Text of a file; what is not UTF-8 is replaced, what cannot be read is absent.
    pub(super) fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        let mut bytes = Vec::new();
        File::open(self.at(path)).ok()?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// One-line text of a file without its end of line or final NUL (device trees have one); absent when empty.
    pub(super) fn line(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = self.read(path)?;
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Whether something is there, followed through links.
    pub(super) fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.at(path).exists()
    }

    /// Names in a folder, sorted.
    pub(super) fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let entries = std::fs::read_dir(self.at(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}
