//! Disks of a test's own, in memory: they can be full, or only to be read.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system that goes with the value.
pub(crate) struct Disk(PathBuf);

/// Whether disks can be mounted. A machine that promises root must be able to.
pub(crate) fn can_mount() -> bool {
    let root = manara::platform::files::is_root();
    let promised = std::env::var("MANARA_TEST_PROMISES").is_ok_and(|p| p.split(',').any(|word| word == "root"));
    assert!(root || !promised, "MANARA_TEST_PROMISES names root, and this is not root");
    root
}

fn run(program: &str, arguments: &[&str], place: &Path) {
    let status = Command::new(program).args(arguments).arg(place).status().unwrap();
    assert!(status.success(), "{program} {arguments:?} {}: {status}", place.display());
}

impl Disk {
    /// A disk of `kib` KiB at the folder `place`.
    pub(crate) fn mount(place: &Path, kib: usize) -> Disk {
        run("mount", &["-t", "tmpfs", "-o", &format!("size={kib}k,mode=755"), "tmpfs"], place);
        Disk(place.to_owned())
    }

    /// Lets it be read only, or written again.
    pub(crate) fn read_only(&self, on: bool) {
        run("mount", &["-o", if on { "remount,ro" } else { "remount,rw" }], &self.0);
    }

    /// Fills it up to `left` free pages of 4 KiB.
    pub(crate) fn fill(&self, left: usize) {
        let page = [b'x'; 4096];
        let mut file = std::fs::File::create(self.filler()).unwrap();
        while std::io::Write::write_all(&mut file, &page).is_ok() {}
        let full = file.metadata().unwrap().len();
        file.set_len(full.saturating_sub(4096 * left as u64)).unwrap();
    }

    /// Takes the filling away.
    pub(crate) fn empty(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, because a file may still be open when a test fails.
        let status = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(status.is_ok_and(|s| s.success()) || std::thread::panicking(), "{} stays mounted", self.0.display());
    }
}
