//! File systems and sensors: found by looking around, and slow enough to be read seldom.

use super::{Space, Temperature, read_own};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SPACES_MAX: usize = 16;
const SENSORS_MAX: usize = 16;

/// Kinds of file systems that hold data without a device of their own below /dev.
const WITHOUT_DEVICE: [&str; 5] = ["zfs", "btrfs", "bcachefs", "nfs", "nfs4"];

/// Read-only images that are always full.
const IMAGES: [&str; 4] = ["squashfs", "iso9660", "erofs", "udf"];

/// The file systems of /proc/self/mounts that can fill up, each once; the one of `data_dir` first.
pub(super) fn spaces(data_dir: &Path, mounts: &str) -> Vec<Space> {
    let home = space(data_dir, "");
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for line in mounts.lines() {
        let mut words = line.split(' ');
        let (Some(device), Some(mount), Some(kind)) = (words.next(), words.next(), words.next()) else { continue };
        let can_fill = device.starts_with("/dev/") || WITHOUT_DEVICE.contains(&kind) || mount == "/";
        // A file mounted over a file, as containers do with resolv.conf, is its own file system's.
        if !can_fill || IMAGES.contains(&kind) || (device.starts_with("/dev/") && !seen.insert(device.to_owned())) {
            continue;
        }
        found.extend(space(Path::new(&unescape(mount)), mount));
    }
    found.sort_by(|a: &Space, b| a.mount.cmp(&b.mount));
    if let Some(home) = home {
        let same = |s: &Space| (s.total, s.inodes) == (home.total, home.inodes);
        let at = found.iter().position(same);
        let first = at.map_or_else(|| Space { mount: data_dir.display().to_string(), ..home }, |at| found.remove(at));
        found.insert(0, first);
    }
    found.truncate(SPACES_MAX);
    found
}

fn space(path: &Path, mount: &str) -> Option<Space> {
    let path = path.ancestors().find(|p| p.exists())?;
    let stat = rustix::fs::statvfs(path).ok().filter(|stat| stat.f_blocks > 0)?;
    let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    Some(Space {
        mount: unescape(mount),
        total: bytes(stat.f_blocks),
        available: bytes(stat.f_bavail),
        used: bytes(stat.f_blocks.saturating_sub(stat.f_bfree)),
        inodes: stat.f_files,
        inodes_free: stat.f_ffree,
    })
}

/// Spaces and their like stand as `\040` in the list of mounts (fstab(5)).
fn unescape(word: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(word.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

/// Thermal zones, which boards have; else the sensors of hwmon.
pub(super) fn temperatures(class: &Path) -> Vec<Temperature> {
    let mut found = sensors(&class.join("thermal"), "thermal_zone", "type", &["temp"]);
    if found.is_empty() {
        found = sensors(&class.join("hwmon"), "hwmon", "name", &["temp1_input", "temp2_input"]);
    }
    found.truncate(SENSORS_MAX);
    found
}

fn sensors(folder: &Path, prefix: &str, name: &str, values: &[&str]) -> Vec<Temperature> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(prefix)));
    paths.sort();
    let line = |path: PathBuf| read_own(&path, 256).ok().flatten().map(|text| text.trim().to_owned());
    let mut found: Vec<Temperature> = Vec::new();
    for path in paths {
        let called = line(path.join(name)).filter(|n| !n.is_empty()).unwrap_or_else(|| prefix.to_owned());
        for value in values {
            let Some(millis) = line(path.join(value)).and_then(|text| text.parse::<f32>().ok()) else { continue };
            // Several sensors of one kind have one name.
            let number = found.iter().filter(|t| t.name.split('#').next() == Some(&called)).count();
            let name = if number == 0 { called.clone() } else { format!("{called}#{}", number + 1) };
            found.push(Temperature { name, celsius: millis / 1000.0 });
        }
    }
    found
}
